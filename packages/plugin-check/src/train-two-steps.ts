import { Wasm } from '@medbench/backends-wasm';
import {
  type AnyMethod,
  type AnyObjective,
  type DualEncoderModel,
  type Encoder,
  type EncoderInfo,
  type ImageEncoderModel,
  MedbenchError,
  type ObjectiveInfo,
  type ObjectiveInput,
  pluginMetadata,
  type ResolvedMethod,
  resolveSettings,
  type Settings,
  type TextEncoderModel,
  use,
} from '@medbench/core';
import { composeMethod } from '@medbench/core/methods';
import { dualEncoder } from '@medbench/nn';
import { prepareRow } from '@medbench/training';
import * as tf from '@tensorflow/tfjs-core';
import { loadCheckStep, TRAINING } from './method.js';
import { EMBED_DIM, tinyImageTower, tinyTextTower, tinyTowers, tokenizer } from './towers.js';

/** Two training steps on tiny towers. */
export interface TwoSteps {
  /** Loss of each of the two batches. */
  readonly losses: readonly [number, number];
  /** Names of the trained parameters, those of the image tower with the prefix `visual.`. */
  readonly trained: readonly string[];
  /** Trained parameters that both steps left as they were, because the loss does not depend on them. */
  readonly withoutGradient: readonly string[];
}

/** Options of `trainTwoSteps`. */
export interface TwoStepsOptions {
  /** Settings that override the defaults of the plugin. */
  readonly settings?: Settings;
  /** Instances of the objectives that a method uses. */
  readonly objectives?: readonly AnyObjective[];
}

/** Without weight decay, a step moves only parameters that have a gradient. */
const NO_DECAY = { ...TRAINING, weightDecay: 0, epsilon: 1e-12 };

/** The loss for the check of an encoder: the squared distance between the two embeddings of a pair. */
const distance: AnyObjective = {
  idle: () => ['logit_scale'],
  loss: ({ representations: { image, text } }: ObjectiveInput) => ({
    loss: tf.mean(tf.squaredDifference(image, text)) as tf.Scalar,
  }),
};

const objectiveInfo = (objective: AnyObjective): ObjectiveInfo => {
  const metadata = pluginMetadata(objective.constructor);
  return metadata?.kind === 'objective'
    ? (metadata.info as ObjectiveInfo)
    : { id: 'distance', title: 'Distance of pairs', source: 'plugin-check', settings: {} };
};

/** Makes a method of one objective. */
function methodWith(objective: AnyObjective, settings: Settings = {}): ResolvedMethod {
  const info = objectiveInfo(objective);
  const method: AnyMethod = { start: 'scratch', objectives: () => [use(info.id, settings)] };
  return composeMethod({ method, objectives: new Map([[info.id, { info, instance: objective }]]), name: info.id });
}

/** Joins an encoder with a tiny tower of the other modality. */
function towersWith(encoder: Encoder, { modality }: EncoderInfo): DualEncoderModel {
  const built = encoder.build({ embedDim: EMBED_DIM, vocabSize: tokenizer().vocabSize });
  return modality === 'image'
    ? dualEncoder(built as ImageEncoderModel, tinyTextTower())
    : dualEncoder(tinyImageTower(), built as TextEncoderModel);
}

/** Works out the model, method and settings of the steps. */
function prepare(
  plugin: AnyMethod | AnyObjective | Encoder,
  { settings, objectives = [] }: TwoStepsOptions,
): { readonly model: DualEncoderModel; readonly method: ResolvedMethod; readonly settings: Settings } {
  const metadata = pluginMetadata(plugin.constructor);
  switch (metadata?.kind) {
    case 'method': {
      const byId = objectives.map((instance) => ({ info: objectiveInfo(instance), instance }));
      const method = composeMethod({
        method: plugin as AnyMethod,
        objectives: new Map(byId.map((objective) => [objective.info.id, objective])),
      });
      const { info } = metadata;
      return {
        model: tinyTowers(),
        method,
        settings: resolveSettings('methodSettings', info as { id: string }, settings),
      };
    }
    case 'objective':
      return { model: tinyTowers(), method: methodWith(plugin as AnyObjective, settings), settings: {} };
    case 'encoder':
      return {
        model: towersWith(plugin as Encoder, metadata.info as EncoderInfo),
        method: methodWith(distance),
        settings: {},
      };
    default:
      throw new MedbenchError('usage', `${plugin.constructor.name} is no method, objective or encoder`, {
        hint: 'Pass an instance of a class with @Method, @Objective or @Encoder.',
      });
  }
}

/**
 * Trains a method, an objective or an encoder for two steps on noise images with captions. The towers are tiny; an
 * encoder takes the place of one of them. A branch that starts at zero, such as a residual, passes a gradient on from
 * the second step.
 *
 * @example
 * ```ts
 * import { trainTwoSteps } from '@medbench/plugin-check';
 * import { expect, it } from 'vitest';
 * import { MyLoss } from '../src/index.js';
 *
 * it('has a finite loss, and a gradient for each parameter', async () => {
 *   const { losses, withoutGradient } = await trainTwoSteps(new MyLoss());
 *   expect(losses.every(Number.isFinite)).toBe(true);
 *   expect(withoutGradient).toEqual([]);
 * });
 * ```
 *
 * @param plugin an instance of a decorated class.
 * @throws MedbenchError('plugin') naming the class if the plugin breaks its contract, or the loss or its gradient is not
 *   finite; ('usage') for an object of another class.
 */
export async function trainTwoSteps(
  plugin: AnyMethod | AnyObjective | Encoder,
  options: TwoStepsOptions = {},
): Promise<TwoSteps> {
  const { model, method, settings } = prepare(plugin, options);
  const row = prepareRow(model, { row: 'check', method, settings, start: 'scratch', training: NO_DECAY });
  const { step } = row.phases[0]!;
  const loaded = await loadCheckStep({ model, method, row, phase: 0, backend: new Wasm() });
  try {
    const losses = [(await loaded.step(0)).loss, (await loaded.step(1)).loss] as const;
    const after = step.parametersOf(await loaded.readState());
    const isUnchanged = (name: string): boolean => {
      const before = loaded.initial[name]!.data;
      return after[name]!.data.every((value, i) => value === before[i]);
    };
    return { losses, trained: step.trainable, withoutGradient: step.trainable.filter(isUnchanged) };
  } finally {
    await loaded.dispose();
  }
}
