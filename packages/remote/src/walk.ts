import { BLOCK_BYTES } from './cache/blocks.js';
import type { RemoteFile } from './remote-file.js';
import { RUN_BLOCKS } from './runs.js';

/**
 * Reads small pieces of a file from its begin to its end. While neighbouring blocks are asked for, ever more of them are
 * fetched with one request; blocks that a large member covers are left out.
 * @returns a function with a valid answer until its next call; fewer bytes only where the file ends.
 */
export function walkBlocks(file: RemoteFile): (position: number, length: number) => Promise<Uint8Array> {
  let first = 0;
  let window: Uint8Array[] = [];
  let run = 1;
  const load = async (block: number): Promise<void> => {
    run = window.length > 0 && block === first + window.length ? Math.min(RUN_BLOCKS, run * 2) : 1;
    first = block;
    window = await file.readBlocks(block, Math.min(block + run, file.blocks) - 1);
  };
  const find = async (block: number): Promise<Uint8Array> => {
    if (block < first || block >= first + window.length) await load(block);
    return window[block - first]!;
  };
  return async (position, length) => {
    const end = Math.min(position + length, file.state.size);
    const block = Math.floor(position / BLOCK_BYTES);
    const from = position - block * BLOCK_BYTES;
    if (end <= position) return new Uint8Array(0);
    if (Math.floor((end - 1) / BLOCK_BYTES) > block) return file.read(position, end - position);
    return (await find(block)).subarray(from, from + end - position);
  };
}
