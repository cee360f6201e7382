import { defineSettings, number, Objective, type ObjectiveInput, type ObjectiveOutput } from '@medbench/core';
import * as tf from '@tensorflow/tfjs-core';

const settings = defineSettings({
  sharpness: number({ default: 2, min: 0.01, description: 'Larger values give near neighbours more weight.' }),
});

/** Returns log E exp(-t |x - y|²) over all pairs of a batch. @param x `[B, D]`. */
function crowding(x: tf.Tensor2D, t: number): tf.Scalar {
  const unit = tf.div(x, tf.add(tf.sqrt(tf.sum(tf.square(x), 1, true)), 1e-12)) as tf.Tensor2D;
  // On the sphere, |x - y|² is 2 - 2 cos.
  const cosine = tf.matMul(unit, unit, false, true);
  return tf.log(tf.mean(tf.exp(tf.mul(tf.sub(cosine, 1), 2 * t)))) as tf.Scalar;
}

/** Rewards embeddings that spread over the sphere. (arXiv:2005.10242, equation 2) */
@Objective({ id: 'uniformity', title: 'Uniformity on the sphere', source: 'arXiv:2005.10242', settings })
export class Uniformity implements Objective<typeof settings> {
  loss({ representations, settings: { sharpness } }: ObjectiveInput<typeof settings>): ObjectiveOutput {
    const [image, text] = [crowding(representations.image, sharpness), crowding(representations.text, sharpness)];
    return { loss: tf.mul(tf.add(image, text), 0.5), terms: { image, text } };
  }
}
