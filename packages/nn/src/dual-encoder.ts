import type {
  DualEncoderModel,
  EncoderOutput,
  ForwardOptions,
  ImageEncoderModel,
  ParameterSpec,
  Stage,
  TensorMap,
  TextEncoderModel,
} from '@medbench/core';
import type { Tensor4D } from '@tensorflow/tfjs-core';
import { constant } from './parameters.js';

const VISUAL = 'visual.';

/** ln(1 / 0.07), arXiv:2103.00020, section 2.5. */
export const INITIAL_LOG_SCALE = Math.log(1 / 0.07);

/** The tower's own name of a parameter of the image tower; nothing for any other. */
const withoutPrefix = (name: string): string[] => (name.startsWith(VISUAL) ? [name.slice(VISUAL.length)] : []);

const unprefixed = (parameters: TensorMap): TensorMap =>
  Object.fromEntries(
    Object.entries(parameters).flatMap(([name, value]) => withoutPrefix(name).map((own) => [own, value] as const)),
  );

/** Runs the image tower, translating between its own names and the joint ones. */
function encodeVisual(
  image: ImageEncoderModel,
  values: TensorMap,
  images: Tensor4D,
  options?: ForwardOptions,
): EncoderOutput {
  const frozen = options?.frozen && new Set([...options.frozen].flatMap((name) => withoutPrefix(name)));
  const output = image.forward(unprefixed(values), images, { ...options, ...(frozen ? { frozen } : {}) });
  if (!output.updates) return output;
  const updates = Object.fromEntries(Object.entries(output.updates).map(([name, value]) => [VISUAL + name, value]));
  return { ...output, updates };
}

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
    encodeImage: (values, images, options) => encodeVisual(image, values, images, options),
    encodeText: (values, ids, options) => text.forward(values, ids, options),
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
