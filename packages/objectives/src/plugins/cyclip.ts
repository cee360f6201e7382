import { type DualEncoderModel, type LossOutput, Objective, type ObjectiveInput } from '@medbench/core';
import * as tf from '@tensorflow/tfjs-core';
import { cyclipTerms } from '../cyclip.js';
import { normalise } from '../normalise.js';
import { parameterNames } from './idle.js';

/**
 * Image i must be as similar to text j as image j to text i, and two images as similar as their texts. The paper
 * weights this loss by 0.25.
 */
@Objective({
  id: 'cyclip',
  title: 'CyCLIP: cyclic consistency',
  source: 'arXiv:2205.14459, equations 3 and 4',
})
export class Cyclip implements Objective {
  idle(model: DualEncoderModel): readonly string[] {
    return parameterNames(model, ['logit scale']);
  }

  loss({ representations: { image, text } }: ObjectiveInput): LossOutput {
    const { crossModal, inModal } = cyclipTerms(normalise(image), normalise(text));
    return { loss: tf.add(crossModal, inModal), terms: { crossModal, inModal } };
  }
}
