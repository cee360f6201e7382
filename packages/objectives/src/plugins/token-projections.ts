import type { DualEncoderModel, EncoderOutput, ParameterSpec, TensorMap } from '@medbench/core';
import { linear, normal } from '@medbench/nn';
import type { Tensor3D } from '@tensorflow/tfjs-core';

/** Projections of patches and words to a common width, at which they are compared. */
export interface TokenProjections {
  parameters(model: DualEncoderModel, width: number): readonly ParameterSpec[];
  /** Projects the patches: `[B, P, width]`. */
  image(parameters: TensorMap, output: EncoderOutput): Tensor3D;
  /** Projects the words: `[B, L, width]`. */
  text(parameters: TensorMap, output: EncoderOutput): Tensor3D;
}

/**
 * Creates the projections.
 * @param prefix of the parameters' names: `<prefix>image_proj.weight`, `<prefix>text_proj.weight`.
 */
export function tokenProjections(prefix: string): TokenProjections {
  const [image, text] = [`${prefix}image_proj.weight`, `${prefix}text_proj.weight`];
  return {
    parameters: (model, width) => [
      { name: image, shape: [width, model.image.width], init: normal(model.image.width ** -0.5) },
      { name: text, shape: [width, model.text.width], init: normal(model.text.width ** -0.5) },
    ],
    image: (parameters, { tokens }) => linear(tokens, parameters[image]!),
    text: (parameters, { tokens }) => linear(tokens, parameters[text]!),
  };
}
