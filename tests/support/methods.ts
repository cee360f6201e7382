import { join } from 'node:path';
import {
  type AnyMethod,
  type Backend,
  type HostTensor,
  type HostTensors,
  type ImageTextPair,
  type LoadOptions,
  methodSettings,
  pluginMetadata,
  type RasterImage,
  type ResolvedMethod,
  random,
  type Settings,
  type TrainingSettings,
} from '@medbench/core';
import { composeMethod, objectivesFrom } from '@medbench/core/methods';
import { clipTokenizer, fromArray } from '@medbench/data';
import { gptModel } from '@medbench/encoders-gpt';
import { resnetModel } from '@medbench/encoders-resnet';
import { vitModel } from '@medbench/encoders-vit';
import { Clip } from '@medbench/methods-clip';
import { ClipLocked } from '@medbench/methods-clip-locked';
import { ClipPartial } from '@medbench/methods-clip-partial';
import { ClipScratch } from '@medbench/methods-clip-scratch';
import { Coca } from '@medbench/methods-coca';
import { Declip } from '@medbench/methods-declip';
import { Filip } from '@medbench/methods-filip';
import { Flip } from '@medbench/methods-flip';
import { Gloria } from '@medbench/methods-gloria';
import { MaskedCl } from '@medbench/methods-masked-cl';
import { Siglip } from '@medbench/methods-siglip';
import { Slip } from '@medbench/methods-slip';
import { UnimodalImage } from '@medbench/methods-unimodal-image';
import { dualEncoder, initialise } from '@medbench/nn';
import * as objectives from '@medbench/objectives/plugin';
import { batchLoader, trainingStep } from '@medbench/training';
import { inject } from 'vitest';

/** Settings that keep the methods' own parameters small. */
const HEAD = { hidden: 32, output: 16 };

type Given = Readonly<Record<string, string | number | boolean>>;
/** Every row that the project ships but those of `STUDY_ROWS`: its name, method class and settings. */
export const ROWS: readonly (readonly [string, new () => AnyMethod, Given])[] = [
  ['clip', Clip, {}],
  ['clip-locked, image', ClipLocked, {}],
  ['clip-locked, text', ClipLocked, { tower: 'text' }],
  ['clip-partial', ClipPartial, {}],
  ['clip-partial, text', ClipPartial, { tower: 'text' }],
  ['slip', Slip, HEAD],
  ['masked-cl, view', MaskedCl, HEAD],
  ['masked-cl, ema', MaskedCl, { target: 'ema', momentum: 0.9 }],
  ['masked-cl, pixels', MaskedCl, { target: 'pixels' }],
  ['flip', Flip, { ratio: 0.5 }],
  ['coca', Coca, { queries: 6 }],
  ['filip', Filip, { width: 16 }],
  ['filip, token-wise alone', Filip, { width: 16, global: false }],
  ['clip-scratch', ClipScratch, {}],
  ['siglip', Siglip, {}],
  ['gloria', Gloria, { width: 16 }],
  ['declip', Declip, { ...HEAD, queue: 24 }],
];

/** The rows of the study's code that differ from those above, at sizes that fit a batch of 8. */
export const STUDY_ROWS: typeof ROWS = [
  ['unimodal-image', UnimodalImage, {}],
  ['unimodal-image, masked', UnimodalImage, { ratio: 0.5 }],
  ['unimodal-image, as trained', UnimodalImage, { partners: 'as-trained', ranks: 2, accumulation: 2 }],
  ['coca, study', Coca, { variant: 'study', queries: 6 }],
  ['coca, study, not shifted', Coca, { variant: 'study', queries: 6, shift: 0 }],
  ['filip, study', Filip, { variant: 'study' }],
  ['filip, study, own pairs', Filip, { variant: 'study', pairs: 'own' }],
];

export const TRAINING: TrainingSettings = {
  steps: 60,
  stopAt: null,
  batchSize: 8,
  chunkSize: null,
  learningRate: 1e-3,
  warmup: 5,
  weightDecay: 0.1,
  beta1: 0.9,
  beta2: 0.98,
  epsilon: 1e-6,
  clipNorm: 1,
  validation: { share: 0, batches: 8, every: 50, patience: null, keep: 'best' },
  cropScale: [0.9, 1],
  checkpointEvery: 100,
  logEvery: 100,
};

const tokenizer = clipTokenizer({ merges: 0 });

/** Towers of two blocks on 16 patches, small enough for the eager backend. */
export const model = dualEncoder(
  vitModel({ id: 'tiny', imageSize: 16, patchSize: 4, width: 64, layers: 2, embedDim: 32 }),
  gptModel({ id: 'tiny', contextLength: 12, vocabSize: tokenizer.vocabSize, width: 64, layers: 2, embedDim: 32 }),
);

/** Towers with batch norms, convolutions and pools, as small. */
export const resnet = dualEncoder(
  resnetModel({ id: 'tiny', imageSize: 32, baseWidth: 8, layers: [1, 1, 1, 1], embedDim: 32 }),
  gptModel({ id: 'tiny', contextLength: 12, vocabSize: tokenizer.vocabSize, width: 64, layers: 1, embedDim: 32 }),
);

function image(seed: number): RasterImage {
  const stream = random(seed, 'image');
  const data = Uint8Array.from({ length: 24 * 24 * 3 }, () => stream.integer(256));
  return { width: 24, height: 24, channels: 3, data };
}
/** Images of noise with captions that differ. */
const pairsOf = (length: number) =>
  fromArray<ImageTextPair>(Array.from({ length }, (_, i) => ({ image: image(i), caption: `no ${i * 7919} seen` })));
const pairs = pairsOf(64);

const OBJECTIVES = objectivesFrom(objectives);

/** A method as `createRow` takes it: a class, or an instance. */
export type Row = (new () => AnyMethod) | AnyMethod;
const createMethod = (row: Row): AnyMethod => (typeof row === 'function' ? new row() : row);

/** Composes a method with the objectives that the project ships. */
export const composed = (row: Row): ResolvedMethod =>
  composeMethod({ method: createMethod(row), objectives: OBJECTIVES });

/** Resolved settings of a method's class. A class without a decorator keeps the given settings. */
export function rowSettings(row: Row, given: Given): Settings {
  const metadata = pluginMetadata(createMethod(row).constructor);
  return metadata ? methodSettings(metadata.info as Parameters<typeof methodSettings>[0], given) : given;
}

/** The training step of a row on small towers, and its batches. */
export function createRow(
  row: Row,
  given: Given,
  training: Partial<TrainingSettings> = {},
  small = model,
  loading: { readonly bytes?: boolean } = {},
) {
  const method = composed(row);
  const settings = rowSettings(row, given);
  const towers = method.towers(small, settings);
  const parameters = [...towers.parameters, ...method.parameters(towers, settings)];
  const all = { ...TRAINING, ...training };
  const step = trainingStep({ name: 'train:row', model: towers, method, settings, parameters, training: all });
  const load = batchLoader({
    pairs: all.batchSize > pairs.length ? pairsOf(all.batchSize) : pairs,
    tokenizer,
    imageSize: small.image.imageSize,
    contextLength: 12,
    batchSize: all.batchSize,
    cropScale: all.cropScale,
    seed: 3,
    inputs: step.inputs,
    ...loading,
  });
  return { method, settings, parameters, step, load, start: initialise(parameters, 11) };
}

/** The folder in which `trainOn` caches compiled programs. */
export const trainingCache = (): string => join(inject('sharedFolder'), 'cache');

/**
 * Runs a number of steps on a backend. `first` is the state after the first step.
 * @param options `selfCheck: false` where the test itself compares the result: the check takes longer than many steps.
 */
export async function trainOn(
  backend: Backend,
  row: ReturnType<typeof createRow>,
  steps: number,
  options: Pick<LoadOptions, 'selfCheck' | 'devices' | 'precision' | 'log'> = {},
) {
  const { step, load, start } = row;
  const session = await step.load(backend, step.initialState(start), { cache: trainingCache(), ...options });
  const losses: number[] = [];
  let first: HostTensors | undefined;
  for (let i = 0; i < steps; i++) {
    losses.push((await session.step(await load(i))).loss!.data[0]!);
    first ??= await session.readState();
  }
  const state = steps === 1 ? first! : await session.readState();
  await session.dispose();
  return { losses, first: first ?? state, state, weights: step.parametersOf(state) };
}

const norm = (values: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! ** 2;
  return Math.sqrt(sum);
};

/**
 * The L2 difference of the first moments of two states relative to those of the second. After one step, they are the
 * gradients times a constant.
 */
export function gradientsApart(found: HostTensors, expected: HostTensors): number {
  const moments = Object.entries(expected).filter(([name]) => name.startsWith('moment1/'));
  const difference = moments.flatMap(([name, { data }]) =>
    Array.from(data, (value, i) => value - found[name]!.data[i]!),
  );
  return norm(difference) / norm(moments.flatMap(([, { data }]) => [...data]));
}

/** The same values, rounded to the nearest bfloat16 (even ones where two are equally near). */
export function roundToBfloat16(tensors: HostTensors): HostTensors {
  const round = ({ data, ...tensor }: HostTensor): HostTensor => {
    const rounded = Float32Array.from(data);
    const bits = new Uint32Array(rounded.buffer);
    bits.forEach((value, i) => {
      bits[i] = (value + 0x7fff + ((value >>> 16) & 1)) & 0xffff0000;
    });
    return { ...tensor, data: rounded };
  };
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, round(tensor)]));
}

const bytes = ({ buffer, byteOffset, byteLength }: HostTensor['data']) => Buffer.from(buffer, byteOffset, byteLength);
/** Whether two tensors have the same bits. `toEqual` takes a second for a million entries. */
export const sameBytes = (a: HostTensor['data'], b: HostTensor['data']): boolean => bytes(a).equals(bytes(b));

export const largestDifference = (a: HostTensor, b: HostTensor): number =>
  Array.from(a.data, (value, i) => Math.abs(value - b.data[i]!)).reduce((worst, one) => Math.max(worst, one), 0);

/** The parameter with the largest difference, and that difference. Names that match `without` are skipped. */
export function mostDifferentParameter(
  a: HostTensors,
  b: HostTensors,
  without: RegExp,
): { readonly name: string; readonly by: number } {
  const names = Object.keys(b).filter((name) => !without.test(name));
  const all = names.map((name) => ({ name, by: largestDifference(a[name]!, b[name]!) }));
  return all.reduce((worst, one) => (one.by > worst.by ? one : worst), { name: '', by: 0 });
}
