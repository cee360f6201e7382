import type { Block } from './parameters.js';

/**
 * Added to the logits of tokens that are neighbours in a shifted window, but not in the image. timm adds -100, which gives
 * weights of 1e-44: they change nothing, but processors take many times as long for numbers below 1e-38.
 */
const APART = -1e9;

/** An order of the tokens of a grid: position i holds the token with the row-major index `order[i]`. */
export type TokenOrder = Int32Array;

/** The order of the rows, from top to bottom. */
export const rowMajor = (side: number): TokenOrder => Int32Array.from({ length: side ** 2 }, (_, i) => i);

/**
 * Window after window, each in row-major order. The grid is first rolled by `shift` towards its start, along both axes
 * (arXiv:2103.14030, section 3.2).
 */
export function windowOrder({ side, window, shift }: Pick<Block, 'side' | 'window' | 'shift'>): TokenOrder {
  const across = side / window;
  const size = window ** 2;
  return Int32Array.from({ length: side ** 2 }, (_, i) => {
    const [index, cell] = [Math.floor(i / size), i % size];
    const row = Math.floor(index / across) * window + Math.floor(cell / window);
    const column = (index % across) * window + (cell % window);
    return ((row + shift) % side) * side + ((column + shift) % side);
  });
}

/** The four tokens that are merged into one, one after the other: down the left column, then down the right. */
export function mergeOrder(side: number): TokenOrder {
  const half = side / 2;
  return Int32Array.from({ length: side ** 2 }, (_, i) => {
    const [index, corner] = [Math.floor(i / 4), i % 4];
    const [row, column] = [2 * Math.floor(index / half) + (corner % 2), 2 * (index % half) + Math.floor(corner / 2)];
    return row * side + column;
  });
}

/** The permutation that takes tokens from one order to another: position i of the result is position `[i]` of the first. */
export function reordering(from: TokenOrder, to: TokenOrder): Int32Array {
  const positions = new Int32Array(from.length);
  from.forEach((token, position) => {
    positions[token] = position;
  });
  return to.map((token) => positions[token]!);
}

/** Rows of the bias table, `[n, n]` flattened, for the n tokens of a window: by the offset between the two tokens. */
export function relativeIndex(window: number): Int32Array {
  const size = window ** 2;
  const span = 2 * window - 1;
  return Int32Array.from({ length: size ** 2 }, (_, i) => {
    const [from, to] = [Math.floor(i / size), i % size];
    const down = Math.floor(from / window) - Math.floor(to / window) + window - 1;
    const right = (from % window) - (to % window) + window - 1;
    return down * span + right;
  });
}

/**
 * The mask of shifted windows, `[windows, n, n]` flattened: 0 between tokens of one region of the image, -1e9 between
 * those that the roll has brought together.
 */
export function shiftMask({ side, window, shift }: Pick<Block, 'side' | 'window' | 'shift'>): Float32Array {
  const size = window ** 2;
  const order = windowOrder({ side, window, shift: 0 });
  // In the rolled grid, the last window of each axis has two regions: before and after the seam.
  const part = (position: number): number => (position < side - window ? 0 : position < side - shift ? 1 : 2);
  const region = (token: number): number => 3 * part(Math.floor(token / side)) + part(token % side);
  return Float32Array.from({ length: side ** 2 * size }, (_, i) => {
    const [from, other] = [Math.floor(i / size), i % size];
    const start = from - (from % size);
    return region(order[from]!) === region(order[start + other]!) ? 0 : APART;
  });
}
