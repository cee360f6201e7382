import * as tf from '@tensorflow/tfjs-core';

let done = false;

/**
 * Replaces the gradients of TensorFlow.js that are needlessly slow or wrong, for every backend of the process:
 *
 * - Tile: one slice and one addition per repetition, and none beyond rank 4; here one sum over the repetitions.
 */
export function mendGradients(): void {
  if (done) return;
  done = true;
  tf.unregisterGradient(tf.Tile);
  tf.registerGradient({
    kernelName: tf.Tile,
    inputsToSave: ['x'],
    gradFunc: (dy, [x], attrs) => {
      const { reps } = attrs as unknown as tf.TileAttrs;
      const shape = x!.shape;
      // [r0 * d0, r1 * d1, …] as [r0, d0, r1, d1, …], leaving out the axes that are not repeated.
      const split = shape.flatMap((side, axis) => (reps[axis] === 1 ? [side] : [reps[axis]!, side]));
      const axes: number[] = [];
      let at = 0;
      for (const count of reps) {
        if (count !== 1) axes.push(at++);
        at++;
      }
      return { x: () => tf.reshape(tf.sum(tf.reshape(dy as tf.Tensor, split), axes), shape) };
    },
  });
}
