import {
  type DualEncoderModel,
  type LossOutput,
  Objective,
  type ObjectiveInput,
  type ParameterSpec,
} from '@medbench/core';
import { constant } from '@medbench/nn';
import * as tf from '@tensorflow/tfjs-core';
import { normalise } from '../normalise.js';
import { sigmoidLoss } from '../sigmoid.js';
import { parameterNames } from './idle.js';

const SCALE = 'siglip.logit_scale';
const BIAS = 'siglip.logit_bias';

/** Every image with every text is one yes-or-no question: is this its caption? */
@Objective({
  id: 'siglip',
  title: 'SigLIP: pairwise sigmoid loss',
  source: 'arXiv:2303.15343, equation 1',
})
export class SiglipObjective implements Objective {
  parameters(): readonly ParameterSpec[] {
    return [
      { name: SCALE, shape: [], init: constant(Math.log(10)) },
      { name: BIAS, shape: [], init: constant(-10) },
    ];
  }

  /** CLIP's own scale has no part in this loss. */
  idle(model: DualEncoderModel): readonly string[] {
    return parameterNames(model, ['logit scale']);
  }

  loss({ representations: { image, text }, parameters }: ObjectiveInput): LossOutput {
    const scale = tf.exp(parameters[SCALE]!);
    return { loss: sigmoidLoss(normalise(image), normalise(text), scale, parameters[BIAS]!) };
  }
}
