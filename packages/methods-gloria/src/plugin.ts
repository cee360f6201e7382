import {
  type DualEncoderModel,
  Method,
  type ObjectiveInput,
  type ObjectiveOutput,
  type ParameterSpec,
  type RepresentInput,
  type Settings,
  type TensorMap,
} from '@medbench/core';
import { linear, normal, textMask } from '@medbench/nn';
import { clipObjective, gloriaTerms } from '@medbench/objectives';
import * as tf from '@tensorflow/tfjs-core';

const IMAGE = 'gloria.image_proj.weight';
const TEXT = 'gloria.text_proj.weight';

/** Each word gathers the regions it attends to, and must be like what it gathered; beside CLIP's global loss. */
@Method({
  id: 'gloria',
  title: 'GLoRIA: words attend to regions',
  question: 'granularity',
  source: 'Huang et al., ICCV 2021, equations 2 to 8',
  settings: {
    lambda: { default: 1, min: 0, description: 'Weight of the local loss.' },
    width: { default: 256, min: 1, description: 'Width of the regions and words that are compared.' },
  },
})
export class Gloria implements Method {
  readonly start = 'general';

  parameters({ image, text }: DualEncoderModel, settings: Settings): readonly ParameterSpec[] {
    const width = Number(settings.width);
    return [
      { name: IMAGE, shape: [width, image.width], init: normal(image.width ** -0.5) },
      { name: TEXT, shape: [width, text.width], init: normal(text.width ** -0.5) },
    ];
  }

  represent({ model, parameters, batch }: RepresentInput): TensorMap {
    const image = model.encodeImage(parameters, batch.images);
    const text = model.encodeText(parameters, batch.ids);
    return {
      image: image.embedding,
      text: text.embedding,
      regions: linear(image.tokens, parameters[IMAGE]!),
      words: linear(text.tokens, parameters[TEXT]!),
      textMask: textMask(batch.ids, { start: false }),
    };
  }

  objective({ representations, parameters, settings }: ObjectiveInput): ObjectiveOutput {
    const clip = clipObjective(representations, parameters);
    if (settings.lambda === 0) return clip;
    const { regions, words, textMask: mask } = representations;
    const { loss: local } = gloriaTerms(regions as tf.Tensor3D, words as tf.Tensor3D, mask as tf.Tensor2D);
    const loss = tf.add(clip.loss, tf.mul(local, Number(settings.lambda))) as tf.Scalar;
    return { loss, terms: { ...clip.terms, contrast: clip.loss, local } };
  }
}
