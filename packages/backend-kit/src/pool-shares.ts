import type { backend_util } from '@tensorflow/tfjs-core';

/** Number of elements that each window covers along one side of the image, padding excluded. */
const coveredElements = (side: number, out: number, stride: number, kernel: number, padding: number): number[] =>
  Array.from({ length: out }, (_, position) => {
    const start = position * stride - padding;
    return Math.min(side, start + kernel) - Math.max(0, start);
  });

/** Weight of each element in the mean of its window: 1 / (number of covered elements) for each of OH x OW windows. */
export function poolShares(window: backend_util.Conv2DInfo): Float32Array {
  const { padInfo, outHeight, outWidth } = window;
  const rows = coveredElements(window.inHeight, outHeight, window.strideHeight, window.filterHeight, padInfo.top);
  const columns = coveredElements(window.inWidth, outWidth, window.strideWidth, window.filterWidth, padInfo.left);
  return Float32Array.from(rows.flatMap((height) => columns.map((width) => 1 / (height * width))));
}
