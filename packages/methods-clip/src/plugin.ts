import { Method, type ObjectiveInput, type ObjectiveOutput } from '@medbench/core';
import { infoNceTerms, normalise } from '@medbench/objectives';
import * as tf from '@tensorflow/tfjs-core';

/** Both towers start from general-domain weights and train in full on the symmetric InfoNCE loss. */
@Method({
  id: 'clip',
  title: 'CLIP, full fine-tuning',
  question: 'baseline',
  extension: false,
  source: 'arXiv:2103.00020, section 2.3',
})
export class Clip implements Method {
  readonly start = 'general';

  objective({ model, parameters, batch }: ObjectiveInput): ObjectiveOutput {
    const image = normalise(model.encodeImage(parameters, batch.images).embedding);
    const text = normalise(model.encodeText(parameters, batch.ids).embedding);
    const { loss, ...terms } = infoNceTerms(image, text, tf.exp(parameters.logit_scale!));
    return { loss, terms };
  }
}
