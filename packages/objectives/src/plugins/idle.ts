import type { DualEncoderModel } from '@medbench/core';
import { freezeAll } from '@medbench/nn';

const LOG_SCALE = 'logit_scale';
/** The projection of CLIP's vision transformers, and of timm's towers in open_clip. */
const IMAGE_PROJECTIONS = ['visual.proj', 'visual.head.proj.weight'];
/** CLIP's projection, and those of BERT towers. */
const TEXT_PROJECTIONS = ['text_projection', 'proj.weight', 'proj.0.weight', 'proj.2.weight'] as const;

/** A part of the model that a loss may not depend on. */
type ModelPart =
  | 'text tower'
  | 'image tower'
  | 'image projection'
  | 'text projection'
  | 'last text norm'
  | 'logit scale';

/** Names of the parameters of these parts, as far as the model has them, for `idle`. */
export function parameterNames(model: DualEncoderModel, parts: readonly ModelPart[]): string[] {
  const names: Readonly<Record<ModelPart, readonly string[]>> = {
    'text tower': freezeAll(model, 'text'),
    'image tower': freezeAll(model, 'image'),
    'image projection': IMAGE_PROJECTIONS,
    'text projection': TEXT_PROJECTIONS,
    'last text norm': ['ln_final.weight', 'ln_final.bias'],
    'logit scale': [LOG_SCALE],
  };
  const idle = new Set(parts.flatMap((part) => names[part]));
  return model.parameters.map(({ name }) => name).filter((name) => idle.has(name));
}
