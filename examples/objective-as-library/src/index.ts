// Registers the gradients of TensorFlow.js operations, which training needs.
import '@medbench/objectives/gradients';
import '@tensorflow/tfjs-backend-cpu';
import { infoNce, normalise } from '@medbench/objectives';
import * as tf from '@tensorflow/tfjs-core';

/**
 * Learns a linear map from 16 random "images" to their "texts" by gradient descent on InfoNCE.
 * @returns the loss before and after training.
 */
export async function alignPairs(steps = 100): Promise<{ before: number; after: number }> {
  await tf.setBackend('cpu');
  const image = tf.randomNormal([16, 12], 0, 1, 'float32', 1) as tf.Tensor2D;
  const text = normalise(tf.randomNormal([16, 8], 0, 1, 'float32', 2) as tf.Tensor2D);
  const projection = tf.variable(tf.randomNormal([12, 8], 0, 0.1, 'float32', 3));
  const scale = tf.scalar(10);
  const loss = (): tf.Scalar => infoNce(normalise(tf.matMul(image, projection) as tf.Tensor2D), text, scale);
  const optimizer = tf.train.adam(0.05);
  const before = loss().dataSync()[0]!;
  for (let step = 0; step < steps; step++) optimizer.minimize(loss);
  return { before, after: loss().dataSync()[0]! };
}
