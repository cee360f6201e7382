import * as tf from '@tensorflow/tfjs-core';
import { normalise } from './normalise.js';
import { stopGradient } from './stop-gradient.js';

/**
 * Finds for each row the nearest row of a queue by cosine, and puts the batch into the queue in place of its oldest
 * rows (DeCLIP, arXiv:2110.05208, section 3.3). Both results have rows of unit length and are constants: no gradient
 * passes.
 * @param rows `[B, d]`. @param queue `[Q, d]`, newest first, Q at least B.
 * @returns `nearest` `[B, d]`, `queue` `[Q, d]`.
 * @throws RangeError if the queue is shorter than the batch.
 */
export function nearestInQueue(
  rows: tf.Tensor2D,
  queue: tf.Tensor2D,
): { readonly nearest: tf.Tensor2D; readonly queue: tf.Tensor2D } {
  const [size, width] = rows.shape;
  const [length] = queue.shape;
  if (length < size) throw new RangeError(`A queue of ${length} rows cannot take a batch of ${size}`);
  const newest = stopGradient(normalise(rows));
  const previous = stopGradient(normalise(queue));
  const kept = tf.slice(previous, [0, 0], [length - size, width]);
  return { nearest: nearestRows(newest, previous), queue: tf.concat([newest, kept], 0) as tf.Tensor2D };
}

/** Finds the nearest row of unit length, as one op with zero gradients: argMax has no gradient that could be passed. */
function nearestRows(rows: tf.Tensor2D, among: tf.Tensor2D): tf.Tensor2D {
  const op = tf.customGrad((...args: (tf.Tensor | tf.GradSaveFunc)[]) => {
    const [queries, candidates] = args as [tf.Tensor2D, tf.Tensor2D];
    const value = tf.gather(candidates, tf.argMax(tf.matMul(queries, candidates, false, true), 1));
    const shapes = [queries.shape, candidates.shape];
    return { value, gradFunc: () => shapes.map((shape) => tf.zeros(shape)) };
  });
  return op(rows, among) as tf.Tensor2D;
}
