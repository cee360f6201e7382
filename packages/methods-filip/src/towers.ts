import { type DualEncoderModel, type ImageEncoderModel, MedbenchError, type ParameterSpec } from '@medbench/core';
import { dualEncoder, uniform } from '@medbench/nn';

/** Projection of a vision transformer, and the new one in its place. */
const [OLD, NEW] = ['proj', 'token_proj'] as const;

/** @throws MedbenchError('config') if the tower is no vision transformer. */
function withNewProjection(base: ImageEncoderModel): ImageEncoderModel {
  const old = base.parameters.find(({ name }) => name === OLD);
  if (!old) {
    throw new MedbenchError(
      'config',
      `filip:variant=study projects the tokens of one of CLIP's vision transformers, which ${base.id} is not`,
      {
        hint: 'Choose one with encoders.image, such as vit-b-16, or filip:variant=medbench.',
      },
    );
  }
  // The default of PyTorch, the framework of the original: uniform within 1 / sqrt(fan in).
  const added: ParameterSpec = { name: NEW, shape: old.shape, init: uniform(base.width ** -0.5) };
  return {
    ...base,
    parameters: base.parameters.map((spec) => (spec === old ? added : spec)),
    stages: base.stages.map((stage) => ({
      ...stage,
      parameters: stage.parameters.map((name) => (name === OLD ? NEW : name)),
    })),
    forward: (parameters, images, options) =>
      base.forward({ ...parameters, [OLD]: parameters[NEW]! }, images, { ...options, activation: 'gelu' }),
  };
}

/**
 * The towers of the study's FILIP (arXiv:2406.07450, from its code): the image tower has exact GELU, and a new
 * projection without bias in place of its own. The text tower is as it was.
 * @throws MedbenchError('config') if the image tower is no vision transformer.
 */
export const jointTowers = ({ image, text }: DualEncoderModel): DualEncoderModel =>
  dualEncoder(withNewProjection(image), text);
