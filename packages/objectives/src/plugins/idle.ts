import type { DualEncoderModel } from '@medbench/core';
import { freezeAll } from '@medbench/nn';

const LOG_SCALE = 'logit_scale';
const IMAGE_PROJECTION = 'visual.proj';
const TEXT_PROJECTION = 'text_projection';

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
    'image projection': [IMAGE_PROJECTION],
    'text projection': [TEXT_PROJECTION],
    'last text norm': ['ln_final.weight', 'ln_final.bias'],
    'logit scale': [LOG_SCALE],
  };
  const idle = new Set(parts.flatMap((part) => names[part]));
  return model.parameters.map(({ name }) => name).filter((name) => idle.has(name));
}
