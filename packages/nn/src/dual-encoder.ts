import type {
  DualEncoderModel,
  ImageEncoderModel,
  ParameterSpec,
  Stage,
  TensorMap,
  TextEncoderModel,
} from '@medbench/core';
import { constant } from './parameters.js';

const VISUAL = 'visual.';

/** ln(1 / 0.07), arXiv:2103.00020, section 2.5. */
export const INITIAL_LOG_SCALE = Math.log(1 / 0.07);

const unprefixed = (parameters: TensorMap): TensorMap =>
  Object.fromEntries(
    Object.entries(parameters).flatMap(([name, value]) =>
      name.startsWith(VISUAL) ? [[name.slice(VISUAL.length), value] as const] : [],
    ),
  );

/** Joins two towers and the logit scale in the parameter name space of OpenAI's CLIP. */
export function dualEncoder(image: ImageEncoderModel, text: TextEncoderModel): DualEncoderModel {
  const parameters: ParameterSpec[] = [
    ...image.parameters.map((spec) => ({ ...spec, name: VISUAL + spec.name })),
    ...text.parameters,
    { name: 'logit_scale', shape: [], init: constant(INITIAL_LOG_SCALE) },
  ];
  const imageStages: Stage[] = image.stages.map(({ name, kind, parameters: names }) => ({
    name: VISUAL + name,
    kind,
    parameters: names.map((one) => VISUAL + one),
  }));
  return {
    image,
    text,
    embedDim: image.embedDim,
    parameters,
    encodeImage: (values, images) => image.forward(unprefixed(values), images),
    encodeText: (values, ids) => text.forward(values, ids),
    stages: (tower) => (tower === 'image' ? imageStages : text.stages),
  };
}

/**
 * Names of the parameters that are frozen when a fraction of a tower's blocks is, counted from the input (floor). What
 * lies below a frozen block is frozen with it; 1 freezes the whole tower, its projection included; 0 nothing.
 */
export function freezeFraction(model: DualEncoderModel, tower: 'image' | 'text', fraction: number): string[] {
  const stages = model.stages(tower);
  if (fraction >= 1) return stages.flatMap(({ parameters }) => [...parameters]);
  const blocks = stages.filter(({ kind }) => kind === 'block');
  const frozen = new Set(blocks.slice(0, Math.floor(blocks.length * fraction + 1e-9)));
  if (frozen.size === 0) return [];
  return stages
    .filter((stage) => frozen.has(stage) || stage.kind === 'embedding')
    .flatMap(({ parameters }) => [...parameters]);
}
