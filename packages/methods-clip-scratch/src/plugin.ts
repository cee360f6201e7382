import { Method, type ObjectiveInput, type ObjectiveOutput } from '@medbench/core';
import { infoNceTerms, normalise } from '@medbench/objectives';
import * as tf from '@tensorflow/tfjs-core';

/** CLIP from random weights: what transfer from the general domain must beat. Not among the study's rows. */
@Method({
  id: 'clip-scratch',
  title: 'CLIP, from scratch',
  question: 'transfer',
  extension: true,
  source: 'arXiv:2103.00020, section 2.3',
})
export class ClipScratch implements Method {
  readonly start = 'scratch';

  objective({ model, parameters, batch }: ObjectiveInput): ObjectiveOutput {
    const image = normalise(model.encodeImage(parameters, batch.images).embedding);
    const text = normalise(model.encodeText(parameters, batch.ids).embedding);
    const { loss, ...terms } = infoNceTerms(image, text, tf.exp(parameters.logit_scale!));
    return { loss, terms };
  }
}
