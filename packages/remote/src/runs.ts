import { BLOCK_BYTES } from './cache/blocks.js';
import type { Piece } from './http/request.js';

/** Blocks that one request brings at most. */
export const RUN_BLOCKS = 64;

/** Divides a body into blocks. The last block of the file may be shorter. */
export async function* splitBlocks(
  { start, body }: Piece,
  size: number,
): AsyncGenerator<{ readonly block: number; readonly bytes: Uint8Array<ArrayBuffer> }> {
  let block = start / BLOCK_BYTES;
  let filled = 0;
  const room = (): Uint8Array<ArrayBuffer> => new Uint8Array(Math.min(BLOCK_BYTES, size - block * BLOCK_BYTES));
  let bytes = room();
  for await (let part of body) {
    while (part.length > 0) {
      const taken = part.subarray(0, bytes.length - filled);
      bytes.set(taken, filled);
      filled += taken.length;
      part = part.subarray(taken.length);
      if (filled < bytes.length) break;
      yield { block, bytes };
      block++;
      filled = 0;
      bytes = room();
    }
  }
}

/** Divides ascending numbers into runs without gaps, of at most `RUN_BLOCKS`. */
export function consecutive(numbers: readonly number[]): number[][] {
  const runs: number[][] = [];
  for (const number of numbers) {
    const run = runs.at(-1);
    if (run && run.at(-1) === number - 1 && run.length < RUN_BLOCKS) run.push(number);
    else runs.push([number]);
  }
  return runs;
}
