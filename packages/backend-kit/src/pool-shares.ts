import type { backend_util } from '@tensorflow/tfjs-core';

/** How many elements of a side of the image each window covers, padding left out. */
const coveredElements = (side: number, out: number, stride: number, kernel: number, padding: number): number[] =>
  Array.from({ length: out }, (_, position) => {
    const start = position * stride - padding;
    return Math.min(side, start + kernel) - Math.max(0, start);
  });

/** The share that each element of a window has in its mean: for each of OH x OW windows 1 / (what it covers). */
export function poolShares(window: backend_util.Conv2DInfo): Float32Array {
  const { padInfo, outHeight, outWidth } = window;
  const rows = coveredElements(window.inHeight, outHeight, window.strideHeight, window.filterHeight, padInfo.top);
  const columns = coveredElements(window.inWidth, outWidth, window.strideWidth, window.filterWidth, padInfo.left);
  return Float32Array.from(rows.flatMap((height) => columns.map((width) => 1 / (height * width))));
}
