import type { WindowInfo } from '@medbench/backend-trace';

/** Padding of height and width. */
export const padding = ({ padInfo }: WindowInfo): [before: number, after: number][] => [
  [padInfo.top, padInfo.bottom],
  [padInfo.left, padInfo.right],
];

/** Strides of height and width. */
export const strides = ({ strideHeight, strideWidth }: WindowInfo): number[] => [strideHeight, strideWidth];

/** Sizes of height and width, as sizes of all four axes. */
export const overAxes = ([height, width]: readonly number[]): number[] => [1, height!, width!, 1];

/** Padding of height and width, as padding of all four axes. */
export const padOverAxes = (pad: readonly (readonly [number, number])[]): (readonly [number, number])[] => [
  [0, 0],
  ...pad,
  [0, 0],
];
