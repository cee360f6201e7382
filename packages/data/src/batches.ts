import { MedbenchError, random } from '@medbench/core';

/** The order in which an epoch visits n examples: a permutation of 0..n-1 that depends on seed and epoch alone. */
export function epochOrder(n: number, seed: number, epoch: number): Int32Array {
  return random(seed, 'order', epoch).permutation(n);
}

// Steps of one epoch share its permutation, which for a million examples takes longer than a step's other bookkeeping.
let last: { readonly n: number; readonly seed: number; readonly epoch: number; readonly order: Int32Array } | undefined;

/**
 * The examples of a global step (from 0), a pure function of its arguments, so that a resumed run sees the same batches.
 * An epoch has floor(n / batchSize) full batches; what is left over changes with the epoch's permutation.
 * @returns `[batchSize]`
 * @throws MedbenchError('config') if there are fewer examples than a batch takes.
 */
export function batchIndices(n: number, batchSize: number, seed: number, step: number): Int32Array {
  if (!Number.isInteger(batchSize) || batchSize < 1) {
    throw new MedbenchError('config', `The batch size is ${batchSize}`, { hint: 'Give a whole number from 1 on.' });
  }
  if (n < batchSize) {
    throw new MedbenchError('config', `A batch of ${batchSize} cannot be drawn from ${n} examples`, {
      hint: `Set the batch size to ${Math.max(n, 1)} or less, or take a larger corpus.`,
    });
  }
  const perEpoch = Math.floor(n / batchSize);
  const epoch = Math.floor(step / perEpoch);
  if (last?.n !== n || last.seed !== seed || last.epoch !== epoch) {
    last = { n, seed, epoch, order: epochOrder(n, seed, epoch) };
  }
  const start = (step % perEpoch) * batchSize;
  return last.order.slice(start, start + batchSize);
}
