/** Number of elements of a shape. The empty shape of a scalar has 1. */
export const elementCount = (shape: readonly number[]): number => shape.reduce((product, side) => product * side, 1);
