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
import { constant, INITIAL_LOG_SCALE, linear, normal, textMask } from '@medbench/nn';
import { clipObjective, filipLoss, normalise } from '@medbench/objectives';
import * as tf from '@tensorflow/tfjs-core';

const IMAGE = 'filip.image_proj.weight';
const TEXT = 'filip.text_proj.weight';
const SCALE = 'filip.logit_scale';
/** What only the global embedding goes through. */
const GLOBAL = /^(visual\.proj|text_projection|logit_scale)$/;

/** Each patch looks for its best word, each word for its best patch; beside the global loss or in its place. */
@Method({
  id: 'filip',
  title: 'FILIP: tokens find tokens',
  question: 'granularity',
  extension: false,
  source: 'arXiv:2111.07783, equations 2 to 5',
  settings: {
    global: { default: true, description: "Whether CLIP's loss on the global embeddings is part of it." },
    lambda: { default: 1, min: 0, description: 'Weight of the token-wise loss beside the global one.' },
    width: { default: 256, min: 1, description: 'Width of the tokens that are compared.' },
  },
})
export class Filip implements Method {
  readonly start = 'general';

  /** Token-wise alone, the global embedding has no part in the loss; left to train, its projections would only decay. */
  frozen({ parameters }: DualEncoderModel, { global }: Settings): readonly string[] {
    return global === true ? [] : parameters.map(({ name }) => name).filter((name) => GLOBAL.test(name));
  }

  parameters({ image, text }: DualEncoderModel, settings: Settings): readonly ParameterSpec[] {
    const width = Number(settings.width);
    return [
      { name: IMAGE, shape: [width, image.width], init: normal(image.width ** -0.5) },
      { name: TEXT, shape: [width, text.width], init: normal(text.width ** -0.5) },
      { name: SCALE, shape: [], init: constant(INITIAL_LOG_SCALE) },
    ];
  }

  represent({ model, parameters, batch }: RepresentInput): TensorMap {
    const image = model.encodeImage(parameters, batch.images);
    const text = model.encodeText(parameters, batch.ids);
    return {
      image: image.embedding,
      text: text.embedding,
      imageTokens: normalise(linear(image.tokens, parameters[IMAGE]!)),
      textTokens: normalise(linear(text.tokens, parameters[TEXT]!)),
      textMask: textMask(batch.ids, { start: false }),
    };
  }

  objective({ representations, parameters, settings }: ObjectiveInput): ObjectiveOutput {
    const tokenwise = (): tf.Scalar =>
      filipLoss(
        representations.imageTokens as tf.Tensor3D,
        representations.textTokens as tf.Tensor3D,
        representations.textMask as tf.Tensor2D,
        tf.exp(parameters[SCALE]!),
      );
    if (settings.global !== true) {
      const loss = tokenwise();
      return { loss, terms: { tokens: loss } };
    }
    const clip = clipObjective(representations, parameters);
    // At nothing the row is the baseline, to the last bit.
    if (settings.lambda === 0) return clip;
    const tokens = tokenwise();
    const loss = tf.add(clip.loss, tf.mul(tokens, Number(settings.lambda))) as tf.Scalar;
    return { loss, terms: { ...clip.terms, contrast: clip.loss, tokens } };
  }
}
