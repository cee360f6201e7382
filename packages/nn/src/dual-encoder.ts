import {
  type DualEncoderModel,
  type EncoderInfo,
  type EncoderOutput,
  type ForwardOptions,
  type FrozenPart,
  type ImageEncoderModel,
  MedbenchError,
  type ParameterSpec,
  type StageSizes,
  type TensorMap,
  type TextEncoderModel,
  type Tower,
  type TowerStage,
} from '@medbench/core';
import type { Tensor4D } from '@tensorflow/tfjs-core';
import { constant, countParameters } from './parameters.js';

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
  const imageStages: TowerStage[] = image.stages.map(({ name, kind, parameters: names }) => ({
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

const blocksOf = (stages: readonly TowerStage[]): TowerStage[] => stages.filter(({ kind }) => kind === 'block');

/** Names of all parameters of a tower, its projection included. */
export const freezeAll = (model: DualEncoderModel, tower: Tower): string[] =>
  model.stages(tower).flatMap(({ parameters }) => [...parameters]);

/**
 * Names of the parameters that are frozen when a fraction of a tower's blocks is, counted from the input (floor). What
 * lies below a frozen block is frozen with it; 1 freezes the whole tower, its projection included; 0 nothing.
 */
export function freezeFraction(model: DualEncoderModel, tower: Tower, fraction: number): string[] {
  if (fraction >= 1) return freezeAll(model, tower);
  return freezeBlocks(model, tower, Math.floor(blocksOf(model.stages(tower)).length * fraction + 1e-9));
}

/**
 * Names of the parameters that are frozen when the first blocks of a tower are: those and what lies below them; 0: nothing.
 * @throws MedbenchError('config') if the tower has fewer blocks.
 */
export function freezeBlocks(model: DualEncoderModel, tower: Tower, count: number): string[] {
  const stages = model.stages(tower);
  const blocks = blocksOf(stages);
  if (count > blocks.length) {
    throw new MedbenchError('config', `${count} ${tower} blocks cannot be frozen: there are ${blocks.length}`);
  }
  const frozen = new Set(blocks.slice(0, count));
  if (frozen.size === 0) return [];
  return stages
    .filter((stage) => frozen.has(stage) || stage.kind === 'embedding')
    .flatMap(({ parameters }) => [...parameters]);
}

/** How many parameters freeze together. */
export function stageSizes({ parameters, stages }: Pick<ImageEncoderModel, 'parameters' | 'stages'>): StageSizes {
  const size = (stage: TowerStage): number =>
    countParameters(parameters, ({ name }) => stage.parameters.includes(name));
  const sum = (kind: TowerStage['kind']): number =>
    stages.filter((stage) => stage.kind === kind).reduce((total, stage) => total + size(stage), 0);
  return { embedding: sum('embedding'), blocks: blocksOf(stages).map(size), head: sum('head') };
}

/** What an encoder's info say of its model. */
export function encoderInfo(
  model: Pick<ImageEncoderModel, 'id' | 'width' | 'embedDim' | 'parameters' | 'stages'>,
): Pick<EncoderInfo, 'id' | 'layers' | 'width' | 'embedDim' | 'parameters' | 'stages'> {
  const { id, width, embedDim, parameters } = model;
  const stages = stageSizes(model);
  return { id, layers: stages.blocks.length, width, embedDim, parameters: countParameters(parameters), stages };
}

/** What of a tower is frozen, for a log: whole blocks, and the number of parameters. */
export function frozenPart(model: DualEncoderModel, tower: Tower, frozen: ReadonlySet<string>): FrozenPart {
  const blocks = blocksOf(model.stages(tower));
  const whole = blocks.filter(({ parameters }) => parameters.every((name) => frozen.has(name)));
  const own = new Set(freezeAll(model, tower));
  return {
    blocks: `${whole.length} of ${blocks.length}`,
    parameters: countParameters(model.parameters, ({ name }) => own.has(name) && frozen.has(name)),
  };
}

/** Number of blocks of a tower. */
export const blockCount = (model: DualEncoderModel, tower: Tower): number => blocksOf(model.stages(tower)).length;

/**
 * Number of patches of the image tower.
 * @throws MedbenchError('config') if it has none.
 */
export function patchCount({ image }: DualEncoderModel): number {
  if (image.patchSize === undefined) {
    throw new MedbenchError('config', `${image.id} has no patches, which this method drops or hides`, {
      hint: 'Choose a vision transformer with encoders.image.',
    });
  }
  return (image.imageSize / image.patchSize) ** 2;
}
