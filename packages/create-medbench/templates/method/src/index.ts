import { defineSettings, Method, number, type ObjectiveInput, type ObjectiveOutput } from '@medbench/core';
import * as tf from '@tensorflow/tfjs-core';

// A row of the table may set these: --methods template-name:smoothing=0,0.1,0.2
const settings = defineSettings({
  smoothing: number({
    default: 0.1,
    min: 0,
    max: 0.9,
    description: 'Share of the target that all pairs of the batch divide among them.',
  }),
});

/** Scales each row to length 1. @param x `[B, D]`. */
const unit = (x: tf.Tensor2D): tf.Tensor2D => tf.div(x, tf.add(tf.sqrt(tf.sum(tf.square(x), 1, true)), 1e-12));

/** The contrast of CLIP with smoothed targets: replace the loss by your own. */
@Method({
  id: 'template-name',
  title: 'Template name',
  question: 'baseline', // or transfer, unimodal, granularity: the question of the report that it helps to answer
  source: 'arXiv:1512.00567, section 7', // the paper, for the report
  settings,
})
export class TemplateName implements Method<typeof settings> {
  // The towers start from general-domain weights. 'scratch' starts them from random ones.
  readonly start = 'general';

  /**
   * Computes the loss of a batch from its embeddings `[B, D]`. Use TensorFlow.js ops only, and draw no random numbers:
   * medbench compiles the step. Further parameters, drawn inputs and other representations are members of their own
   * (`parameters`, `inputs`, `represent`).
   */
  objective({
    representations,
    parameters,
    settings: { smoothing },
  }: ObjectiveInput<typeof settings>): ObjectiveOutput {
    const image = unit(representations.image);
    const text = unit(representations.text);
    // The cosine of each image with each text, times the learned scale: `[B, B]`, with the pairs on the diagonal.
    const logits = tf.mul(tf.matMul(image, text, false, true), tf.exp(parameters.logit_scale!)) as tf.Tensor2D;
    const [batch] = logits.shape;
    const target = tf.add(tf.mul(tf.eye(batch), 1 - smoothing), smoothing / batch);
    const crossEntropy = (rows: tf.Tensor2D) =>
      tf.neg(tf.mean(tf.sum(tf.mul(target, tf.logSoftmax(rows)), 1))) as tf.Scalar;
    const imageToText = crossEntropy(logits);
    const textToImage = crossEntropy(tf.transpose(logits));
    // The terms are logged beside the loss.
    return { loss: tf.div(tf.add(imageToText, textToImage), 2), terms: { imageToText, textToImage } };
  }
}
