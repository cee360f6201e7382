import type { MethodInput, Random, RasterImage } from '@medbench/core';
import { type SimclrOptions, simclrTransform } from './augment/simclr.js';
import { CLIP_NORMALISATION, normaliseInto } from './transform.js';

/** An augmented view of the picture, `[size, size, 3]`, normalised (SimCLR's augmentations as SLIP uses them). */
export function augmentedView(size: number, options: SimclrOptions = {}): MethodInput {
  const transform = simclrTransform(size, options);
  return {
    shape: [size, size, 3],
    dtype: 'float32',
    draw({ image }: { readonly image: RasterImage }, stream: Random) {
      const view = new Float32Array(size * size * 3);
      normaliseInto(transform(image, stream), view, 0, CLIP_NORMALISATION);
      return view;
    },
  };
}

/** Patches that stay when a fraction of `count` is dropped: at least one (arXiv:2212.00794, section 3). */
export const patchesKept = (count: number, dropped: number): number => Math.max(1, Math.floor(count * (1 - dropped)));

/** A random choice of `kept` of `count` patches, ascending, `[kept]` int32. */
export const keptPatches = (count: number, kept: number): MethodInput => ({
  shape: [kept],
  dtype: 'int32',
  draw: (_example, stream) => stream.permutation(count).slice(0, kept).sort(),
});

/** All patches in random order, `[count]` int32: the first few stay, the others are hidden. */
export const shuffledPatches = (count: number): MethodInput => ({
  shape: [count],
  dtype: 'int32',
  draw: (_example, stream) => stream.permutation(count),
});
