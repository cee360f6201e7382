import { drawnInput, type MethodInput } from '@medbench/core';

/** Patches that stay when a fraction of `count` is dropped: at least one (arXiv:2212.00794, section 3). */
export const patchesKept = (count: number, dropped: number): number => Math.max(1, Math.floor(count * (1 - dropped)));

/** A random choice of `kept` of `count` patches, ascending, `[kept]` int32. */
export const keptPatches = (count: number, kept: number): MethodInput =>
  drawnInput(import.meta.url, 'keptPatches', [count, kept], {
    shape: [kept],
    dtype: 'int32',
    draw: (_example, stream) => stream.permutation(count).slice(0, kept).sort(),
  });

/** All patches in random order, `[count]` int32: the first few stay, the others are hidden. */
export const shuffledPatches = (count: number): MethodInput =>
  drawnInput(import.meta.url, 'shuffledPatches', [count], {
    shape: [count],
    dtype: 'int32',
    draw: (_example, stream) => stream.permutation(count),
  });
