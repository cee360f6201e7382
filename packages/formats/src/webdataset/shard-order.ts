import type { PairSource } from '@medbench/core';
import { partOrder } from '@medbench/data';
import { isAddress, type RemoteFiles } from '../files/byte-store.js';

/** Shards whose samples are mixed with each other. */
export const MIXED_SHARDS = 8;

/** An order of epochs by shard. */
export interface ShardOrder {
  readonly order: NonNullable<PairSource['order']>;
  /** Notes that a shard is read, so that those after it are fetched ahead. */
  willRead(shard: number): void;
}

/** @param parts number of samples of each shard. */
export function shardOrder(
  files: readonly string[],
  parts: readonly number[],
  remote: RemoteFiles | undefined,
): ShardOrder {
  /** The shards in the order of the epoch drawn last, and the place of each in it. */
  let sequence = new Int32Array();
  const places = new Map<number, number>();
  return {
    order(seed, epoch) {
      const { order, partSequence } = partOrder(parts, MIXED_SHARDS, seed, epoch);
      sequence = Int32Array.from(partSequence);
      for (const [place, part] of sequence.entries()) places.set(part, place);
      return order;
    },
    willRead(shard) {
      const place = places.get(shard);
      if (!remote || place === undefined) return;
      // This group, then the next: the rest of the shards under way is wanted first.
      const from = place - (place % MIXED_SHARDS);
      const wanted = [...sequence.subarray(from, from + 2 * MIXED_SHARDS)].map((part) => files[part]!);
      remote.fetchAhead(wanted.filter(isAddress));
    },
  };
}
