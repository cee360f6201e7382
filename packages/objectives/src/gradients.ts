import '@medbench/tensorflow-gradients';
import * as tf from '@tensorflow/tfjs-core';

/** Sums a gradient over the axes along which an operand was broadcast. */
function unbroadcast(gradient: tf.Tensor, shape: number[]): tf.Tensor {
  const axes = tf.broadcast_util.getReductionAxes(shape, gradient.shape);
  return tf.reshape(axes.length > 0 ? tf.sum(gradient, axes) : gradient, shape);
}

/** Gradient of an elementwise operator of a and b, from the two factors of dy before the sum over broadcast axes. */
const pairwise =
  (factors: (a: tf.Tensor, b: tf.Tensor) => { a: () => tf.Tensor; b: () => tf.Tensor }): tf.GradFunc =>
  (dy, saved) => {
    const [a, b] = saved as [tf.Tensor, tf.Tensor];
    const factor = factors(a, b);
    return {
      a: () => unbroadcast(tf.mul(dy as tf.Tensor, factor.a()), a.shape),
      b: () => unbroadcast(tf.mul(dy as tf.Tensor, factor.b()), b.shape),
    };
  };

/** 1 where a comparison holds, else 0. */
const mask = (truth: tf.Tensor): tf.Tensor => tf.cast(truth, 'float32');

const tile: tf.GradFunc = (dy, [x], attrs) => {
  const { reps } = attrs as unknown as tf.TileAttrs;
  const shape = x!.shape;
  // Reshapes [r0 * d0, r1 * d1, …] to [r0, d0, r1, d1, …], without the r of axes that are not repeated.
  const split = shape.flatMap((side, axis) => (reps[axis] === 1 ? [side] : [reps[axis]!, side]));
  const axes: number[] = [];
  let position = 0;
  for (const count of reps) {
    if (count !== 1) axes.push(position++);
    position++;
  }
  return { x: () => tf.reshape(tf.sum(tf.reshape(dy as tf.Tensor, split), axes), shape) };
};

/** `dy` of a reduction with its axes kept, repeated to the shape of the operand. */
function repeated(dy: tf.Tensor, { shape }: tf.Tensor, axis: number | number[]): tf.Tensor {
  const axes = tf.util.parseAxisParam(axis, shape);
  const kept = shape.map((side, i) => (axes.includes(i) ? 1 : side));
  return tf.mul(tf.reshape(dy, kept), tf.fill(shape, 1, 'float32'));
}

const PATCHED: Readonly<Record<string, { inputsToSave: string[]; gradFunc: tf.GradFunc }>> = {
  [tf.Tile]: { inputsToSave: ['x'], gradFunc: tile },
  [tf.Sum]: {
    inputsToSave: ['x'],
    gradFunc: (dy, [x], attrs) => ({
      x: () => repeated(dy as tf.Tensor, x!, (attrs as unknown as tf.SumAttrs).axis),
    }),
  },
  [tf.Mean]: {
    inputsToSave: ['x'],
    gradFunc: (dy, [x], attrs) => {
      const { axis } = attrs as unknown as tf.MeanAttrs;
      const [, reduced] = tf.backend_util.computeOutAndReduceShapes(x!.shape, tf.util.parseAxisParam(axis, x!.shape));
      return { x: () => tf.div(repeated(dy as tf.Tensor, x!, axis), tf.util.sizeFromShape(reduced)) };
    },
  },
  [tf.Cumsum]: {
    inputsToSave: [],
    gradFunc: (dy, _saved, attrs) => {
      const { axis, exclusive, reverse } = attrs as unknown as tf.CumsumAttrs;
      return { x: () => tf.cumsum(dy as tf.Tensor, axis, exclusive, !reverse) };
    },
  },
  [tf.Maximum]: {
    inputsToSave: ['a', 'b'],
    gradFunc: pairwise((a, b) => ({ a: () => mask(tf.greaterEqual(a, b)), b: () => mask(tf.less(a, b)) })),
  },
  [tf.Minimum]: {
    inputsToSave: ['a', 'b'],
    gradFunc: pairwise((a, b) => ({ a: () => mask(tf.lessEqual(a, b)), b: () => mask(tf.greater(a, b)) })),
  },
  [tf.SquaredDifference]: {
    inputsToSave: ['a', 'b'],
    gradFunc: pairwise((a, b) => ({ a: () => tf.mul(tf.sub(a, b), 2), b: () => tf.mul(tf.sub(b, a), 2) })),
  },
};

/**
 * Registers the patched gradients for every TensorFlow.js backend of the process. TensorFlow.js's own gradients
 * (version 4.22) are wrong or needlessly slow:
 *
 * - Tile: one slice and one addition per repetition, and none beyond rank 4. The patch is one sum over the repetitions;
 * - Sum, Mean: ones of the operand's size are made in JavaScript, also while a step is recorded for other shapes than fit
 *   there. The patch fills them where the backend computes;
 * - Cumsum: transposed by mistake, unless along the last axis;
 * - Maximum, Minimum, SquaredDifference: of the wrong shape if an operand was broadcast.
 *
 * Importing this module calls it. Call it again after loading another copy of TensorFlow.js, which registers its own
 * gradients over the patched ones.
 */
export function registerGradients(): void {
  for (const [kernelName, gradient] of Object.entries(PATCHED)) {
    // TensorFlow.js warns about a gradient that is registered twice.
    if (tf.getGradient(kernelName)) tf.unregisterGradient(kernelName);
    tf.registerGradient({ kernelName, ...gradient });
  }
}

registerGradients();
