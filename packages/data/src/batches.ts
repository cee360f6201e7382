import { MedbenchError, type PairSource, random } from '@medbench/core';

/** The order in which an epoch visits n examples: a permutation of 0..n-1 that depends only on seed and epoch. */
export function epochOrder(n: number, seed: number, epoch: number): Int32Array {
  return random(seed, 'order', epoch).permutation(n);
}

/**
 * The order in which an epoch visits pairs that lie in parts, such as shards: the parts in random order, and the pairs of
 * `together` parts in a row in random order. It depends only on the parts, seed and epoch.
 * @param parts number of pairs of each part. The pairs of a part are neighbours.
 * @returns the order, and the parts in the order in which they begin to be needed.
 */
export function partOrder(
  parts: readonly number[],
  together: number,
  seed: number,
  epoch: number,
): { readonly order: Int32Array; readonly partSequence: Int32Array } {
  const starts: number[] = [];
  let total = 0;
  for (const length of parts) {
    starts.push(total);
    total += length;
  }
  const partSequence = random(seed, 'parts', epoch).permutation(parts.length);
  const order = new Int32Array(total);
  let filled = 0;
  for (let first = 0; first < partSequence.length; first += together) {
    const group = [...partSequence.subarray(first, first + together)];
    const pairs = group.flatMap((part) => Array.from({ length: parts[part]! }, (_, i) => starts[part]! + i));
    const places = random(seed, 'order', epoch, first).permutation(pairs.length);
    for (const place of places) order[filled++] = pairs[place]!;
  }
  return { order, partSequence };
}

/** Number of full batches in a pass over n examples: floor(n / batchSize). The study's 2,755,782 pairs in 512s: 5,382. */
export const batchesPerEpoch = (n: number, batchSize: number): number => Math.floor(n / batchSize);

/**
 * Returns a function that maps a global step (from 0) to its examples, `[batchSize]`. They depend on the step alone, so
 * that a resumed run sees the same batches. An epoch has floor(n / batchSize) full batches; the left-over examples
 * differ from epoch to epoch. The function keeps the permutation of the epoch last used: for a million examples,
 * drawing it takes longer than a step's other bookkeeping.
 * @param inOrder the order of an epoch. Default: any order, each with the same chance.
 * @throws MedbenchError('config') when a step is requested and a batch needs more examples than there are.
 */
export function batchOrder(
  n: number,
  batchSize: number,
  seed: number,
  inOrder: PairSource['order'] = (from, epoch) => epochOrder(n, from, epoch),
): (step: number) => Int32Array {
  let last: { readonly epoch: number; readonly order: Int32Array } | undefined;
  return (step) => {
    checkBatchSize(n, batchSize);
    const perEpoch = batchesPerEpoch(n, batchSize);
    const epoch = Math.floor(step / perEpoch);
    if (last?.epoch !== epoch) last = { epoch, order: inOrder(seed, epoch) };
    const start = (step % perEpoch) * batchSize;
    return last.order.slice(start, start + batchSize);
  };
}

/**
 * Returns a function that maps a step (from 0) to its examples in their own order. The last batch has what is left, as
 * a loader of PyTorch without `drop_last`.
 */
export const batchesInOrder =
  (n: number, batchSize: number): ((step: number) => Int32Array) =>
  (step) => {
    const from = step * batchSize;
    return Int32Array.from({ length: Math.max(0, Math.min(batchSize, n - from)) }, (_, i) => from + i);
  };

function checkBatchSize(n: number, batchSize: number): void {
  if (!Number.isInteger(batchSize) || batchSize < 1) {
    throw new MedbenchError('config', `The batch size is ${batchSize}`, { hint: 'Give a whole number from 1 on.' });
  }
  if (n < batchSize) {
    throw new MedbenchError('config', `A batch of ${batchSize} cannot be drawn from ${n} examples`, {
      hint: `Set the batch size to ${Math.max(n, 1)} or less, or take a larger corpus.`,
    });
  }
}
