/** Number of elements of a shape; 1 for a scalar's, which is empty. */
export const elementCount = (shape: readonly number[]): number => shape.reduce((product, side) => product * side, 1);
