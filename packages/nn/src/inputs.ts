import { drawnInput, type MethodInput } from '@medbench/core';

/** Number of patches that remain if a fraction of `count` is dropped: at least one (arXiv:2212.00794, section 3). */
export const patchesKept = (count: number, dropped: number): number => Math.max(1, Math.floor(count * (1 - dropped)));

/** An input with the indices of `kept` random patches of `count`, ascending, `[kept]` int32. */
export const keptPatches = (count: number, kept: number): MethodInput =>
  drawnInput(import.meta.url, 'keptPatches', [count, kept], {
    shape: [kept],
    dtype: 'int32',
    draw: (_example, stream) => stream.permutation(count).slice(0, kept).sort(),
  });

/**
 * An input with the indices of all patches in random order, `[count]` int32: a method keeps the first and hides the
 * rest.
 */
export const shuffledPatches = (count: number): MethodInput =>
  drawnInput(import.meta.url, 'shuffledPatches', [count], {
    shape: [count],
    dtype: 'int32',
    draw: (_example, stream) => stream.permutation(count),
  });
