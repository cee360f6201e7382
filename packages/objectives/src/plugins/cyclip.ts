import { type DualEncoderModel, type LossOutput, Objective, type ObjectiveInput } from '@medbench/core';
import * as tf from '@tensorflow/tfjs-core';
import { cyclipTerms } from '../cyclip.js';
import { normalise } from '../normalise.js';
import { parameterNames } from './idle.js';

/** Similarities must be the same both ways, and images as alike as their texts are; the paper weighs it by 0.25. */
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
