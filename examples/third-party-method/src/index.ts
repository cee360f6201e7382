import { Method, type ObjectiveInput, type ObjectiveOutput } from '@medbench/core';
import { type Logger, Services } from '@medbench/core/services';
import * as tf from '@tensorflow/tfjs-core';

const BIAS = -10;
const unit = (x: tf.Tensor2D): tf.Tensor2D => tf.div(x, tf.add(tf.sqrt(tf.sum(tf.square(x), 1, true)), 1e-12));

/** Every image-text pair is one yes-or-no question: do the two belong together? (arXiv:2303.15343, equation 1) */
@Method({ id: 'sigmoid', title: 'Pairwise sigmoid loss', question: 'baseline', source: 'arXiv:2303.15343' })
export class Sigmoid implements Method {
  readonly start = 'general';
  constructor(@Services.Logger logger: Logger) {
    logger.event({ plugin: 'sigmoid', logitBias: BIAS });
  }
  parameters() {
    return [{ name: 'logit_bias', shape: [], init: { kind: 'constant', value: BIAS } }] as const;
  }

  objective({ representations, parameters }: ObjectiveInput): ObjectiveOutput {
    const image = unit(representations.image);
    const text = unit(representations.text);
    const [batch] = image.shape;
    const cosine = tf.matMul(image, text, false, true);
    const logits = tf.add(tf.mul(cosine, tf.exp(parameters.logit_scale!)), parameters.logit_bias!);
    const sign = tf.sub(tf.mul(2, tf.eye(batch)), 1);
    const loss = tf.div(tf.sum(tf.softplus(tf.neg(tf.mul(sign, logits)))), batch) as tf.Scalar;
    return { loss, terms: { sigmoid: loss } };
  }
}
