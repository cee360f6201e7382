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

/** Initial value of the logit scale: ln(1 / 0.07), arXiv:2103.00020, section 2.5. */
export const INITIAL_LOG_SCALE = Math.log(1 / 0.07);

/** The name of an image tower's parameter without the prefix `visual.`; an empty list for any other parameter. */
const stripVisualPrefix = (name: string): string[] => (name.startsWith(VISUAL) ? [name.slice(VISUAL.length)] : []);

/** The parameters of the image tower, under their names within the tower. */
const selectImageParameters = (parameters: TensorMap): TensorMap =>
  Object.fromEntries(
    Object.entries(parameters).flatMap(([name, value]) =>
      stripVisualPrefix(name).map((ownName) => [ownName, value] as const),
    ),
  );

/** Runs the image tower, and translates between the names within the tower and the joint names. */
function encodeVisual(
  image: ImageEncoderModel,
  values: TensorMap,
  images: Tensor4D,
  options?: ForwardOptions,
): EncoderOutput {
  const frozen = options?.frozen && new Set([...options.frozen].flatMap((name) => stripVisualPrefix(name)));
  const output = image.forward(selectImageParameters(values), images, { ...options, ...(frozen ? { frozen } : {}) });
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
    parameters: names.map((parameterName) => VISUAL + parameterName),
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

const filterBlocks = (stages: readonly TowerStage[]): TowerStage[] => stages.filter(({ kind }) => kind === 'block');

/** Names of all parameters of a tower, its projection included. */
export const freezeAll = (model: DualEncoderModel, tower: Tower): string[] =>
  model.stages(tower).flatMap(({ parameters }) => [...parameters]);

/**
 * Names of the parameters to freeze if a fraction of a tower's blocks is frozen. Blocks count from the input, and their
 * number is rounded down. The embedding below a frozen block is frozen too. 1 freezes the whole tower, its projection
 * included; 0 freezes nothing.
 */
export function freezeFraction(model: DualEncoderModel, tower: Tower, fraction: number): string[] {
  if (fraction >= 1) return freezeAll(model, tower);
  return freezeBlocks(model, tower, Math.floor(filterBlocks(model.stages(tower)).length * fraction + 1e-9));
}

/**
 * Names of the parameters to freeze if the first `count` blocks of a tower are frozen: these blocks and the embedding
 * below them. 0 freezes nothing.
 * @throws MedbenchError('config') if the tower has fewer blocks.
 */
export function freezeBlocks(model: DualEncoderModel, tower: Tower, count: number): string[] {
  const stages = model.stages(tower);
  const blocks = filterBlocks(stages);
  if (count > blocks.length) {
    throw new MedbenchError('config', `${count} ${tower} blocks cannot be frozen: there are ${blocks.length}`);
  }
  const frozen = new Set(blocks.slice(0, count));
  if (frozen.size === 0) return [];
  return stages
    .filter((stage) => frozen.has(stage) || stage.kind === 'embedding')
    .flatMap(({ parameters }) => [...parameters]);
}

/** Number of parameters of each part of a tower that can be frozen: embedding, each block, head. */
export function stageSizes({ parameters, stages }: Pick<ImageEncoderModel, 'parameters' | 'stages'>): StageSizes {
  const size = (stage: TowerStage): number =>
    countParameters(parameters, ({ name }) => stage.parameters.includes(name));
  const sum = (kind: TowerStage['kind']): number =>
    stages.filter((stage) => stage.kind === kind).reduce((total, stage) => total + size(stage), 0);
  return { embedding: sum('embedding'), blocks: filterBlocks(stages).map(size), head: sum('head') };
}

/** The part of an encoder's info that is derived from its model. */
export function encoderInfo(
  model: Pick<ImageEncoderModel, 'id' | 'width' | 'embedDim' | 'parameters' | 'stages'>,
): Pick<EncoderInfo, 'id' | 'layers' | 'width' | 'embedDim' | 'parameters' | 'stages'> {
  const { id, width, embedDim, parameters } = model;
  const stages = stageSizes(model);
  return { id, layers: stages.blocks.length, width, embedDim, parameters: countParameters(parameters), stages };
}

/** Describes the frozen part of a tower for a log: the number of fully frozen blocks and of frozen parameters. */
export function frozenPart(model: DualEncoderModel, tower: Tower, frozen: ReadonlySet<string>): FrozenPart {
  const blocks = filterBlocks(model.stages(tower));
  const frozenBlocks = blocks.filter(({ parameters }) => parameters.every((name) => frozen.has(name)));
  const towerParameters = new Set(freezeAll(model, tower));
  return {
    blocks: `${frozenBlocks.length} of ${blocks.length}`,
    parameters: countParameters(model.parameters, ({ name }) => towerParameters.has(name) && frozen.has(name)),
  };
}

/** Number of blocks of a tower. */
export const blockCount = (model: DualEncoderModel, tower: Tower): number => filterBlocks(model.stages(tower)).length;

/**
 * Number of patches that the image tower divides an image into.
 * @throws MedbenchError('config') if the tower does not use patches.
 */
export function patchCount({ image }: DualEncoderModel): number {
  if (image.patchSize === undefined) {
    throw new MedbenchError('config', `${image.id} has no patches, which this method drops or hides`, {
      hint: 'Choose a vision transformer with encoders.image.',
    });
  }
  return (image.imageSize / image.patchSize) ** 2;
}
