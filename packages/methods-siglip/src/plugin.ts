import { Method, type ObjectiveInput, type ObjectiveOutput, type ParameterSpec } from '@medbench/core';
import { constant } from '@medbench/nn';
import { normalise, sigmoidLoss } from '@medbench/objectives';
import * as tf from '@tensorflow/tfjs-core';

const SCALE = 'siglip.logit_scale';
const BIAS = 'siglip.logit_bias';

/** Every image with every text is one yes-or-no question: is this its caption? */
@Method({
  id: 'siglip',
  title: 'SigLIP: pairwise sigmoid loss',
  question: 'baseline',
  source: 'arXiv:2303.15343, equation 1',
})
export class Siglip implements Method {
  readonly start = 'general';

  /** CLIP's own scale has no part in this loss; left to train, it would only decay. */
  frozen(): readonly string[] {
    return ['logit_scale'];
  }

  parameters(): readonly ParameterSpec[] {
    return [
      { name: SCALE, shape: [], init: constant(Math.log(10)) },
      { name: BIAS, shape: [], init: constant(-10) },
    ];
  }

  objective({ representations, parameters }: ObjectiveInput): ObjectiveOutput {
    const loss = sigmoidLoss(
      normalise(representations.image as tf.Tensor2D),
      normalise(representations.text as tf.Tensor2D),
      tf.exp(parameters[SCALE]!),
      parameters[BIAS]!,
    );
    return { loss, terms: { sigmoid: loss } };
  }
}
