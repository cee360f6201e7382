import { defineSettings, type LossOutput, number, Objective, type ObjectiveInput } from '@medbench/core';
import * as tf from '@tensorflow/tfjs-core';

// A sum may set these: --methods sum:clip=1:template-name=0.5:template-name.power=1
const settings = defineSettings({
  power: number({ default: 2, min: 0.5, max: 4, description: 'Power of the distance between image and text.' }),
});

/** Scales each row to length 1. @param x `[B, D]`. */
const unit = (x: tf.Tensor2D): tf.Tensor2D => tf.div(x, tf.add(tf.sqrt(tf.sum(tf.square(x), 1, true)), 1e-12));

/** Pulls the image and the text of each pair together: replace the loss by your own. */
@Objective({
  id: 'template-name',
  title: 'Template name',
  source: 'arXiv:2005.10242, equation 1', // the paper, for the report
  settings,
})
export class TemplateName implements Objective<typeof settings> {
  /** Names the tower parameters that the loss does not depend on, so that weight decay alone does not change them. */
  idle() {
    return ['logit_scale'];
  }

  /**
   * Computes the loss of a batch from its embeddings `[B, D]`. Use TensorFlow.js ops only, and draw no random numbers:
   * medbench compiles the step. An objective may also have parameters, drawn inputs and representations of its own.
   */
  loss({ representations, settings: { power } }: ObjectiveInput<typeof settings>): LossOutput {
    const difference = tf.sub(unit(representations.image), unit(representations.text));
    const squared = tf.sum(tf.square(difference), 1);
    // The small number keeps the gradient of the root finite where a pair is equal.
    return { loss: tf.mean(tf.pow(tf.add(squared, 1e-12), power / 2)) as tf.Scalar };
  }
}
