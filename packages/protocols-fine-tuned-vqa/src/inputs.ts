import {
  CLIP_PREPROCESSING,
  type HostTensor,
  type HostTensors,
  MedbenchError,
  type ModelTowers,
  random,
  type TextEncoderModel,
} from '@medbench/core';
import {
  ByteBudget,
  batchOrder,
  cached,
  evaluationTransform,
  greyscale,
  mapSource,
  normaliser,
  resize,
} from '@medbench/data';
import { cleanQuestion, type VqaData, type VqaExample } from '@medbench/evaluation';
import { CODE_SIDE } from './auto-encoder.js';
import { type AnswerModel, INPUT } from './model.js';
import type { FineTunedVqaSettings } from './settings.js';
import { wordList } from './words.js';

/** Memory for resized images, which every epoch reads again. */
const IMAGE_BYTES = 512 * 2 ** 20;

/** Images as the model reads them, written into a batch. */
export interface ImageReader {
  readonly side: number;
  /** Writes `[H, W, 3]` at the place of an example. */
  image(index: number, target: Float32Array, slot: number): Promise<void>;
  /** Writes `[128, 128]` in [0, 1] at the place of an example. */
  pixels(index: number, target: Float32Array, slot: number): Promise<void>;
}

/** Reads images at the size of the towers, bilinear, and as grey pixels for the auto-encoder. */
export function imageReader(
  images: VqaData['images'],
  { imageSize: side, preprocessing = CLIP_PREPROCESSING }: Pick<ModelTowers, 'imageSize' | 'preprocessing'>,
  { image }: FineTunedVqaSettings,
): ImageReader {
  const budget = new ByteBudget(IMAGE_BYTES);
  const views = cached(
    mapSource(images, evaluationTransform(side, { interpolation: 'bilinear', resize: 'shortest', crop: 1 })),
    budget,
  );
  // Both sides are resized to the same number of pixels, whatever the shape of the image.
  const grey = cached(
    mapSource(images, (raster) => resize(greyscale(raster), CODE_SIDE, CODE_SIDE, undefined, 'bilinear')),
    budget,
  );
  const write = normaliser(image === 'normalised' ? preprocessing : { mean: [0, 0, 0], std: [1, 1, 1] });
  return {
    side,
    async image(index, target, slot) {
      write(await views.get(index), target, slot * side * side * 3);
    },
    async pixels(index, target, slot) {
      const { data, channels } = await grey.get(index);
      const offset = slot * CODE_SIDE ** 2;
      for (let i = 0; i < CODE_SIDE ** 2; i++) target[offset + i] = data[i * channels]! / 255;
    },
  };
}

/** The rows that the text tower reads: one for each question, the training questions first. */
export interface QuestionRows {
  /** Ids of distinct rows, `[rows, places]`. */
  readonly ids: Int32Array;
  /** Row of each question. */
  readonly rowOf: Int32Array;
  /** How questions are read, for the notes of a result. */
  readonly note: string;
}

/**
 * Turns questions into ids: indices of a word list of the training questions, which go into the token table as they
 * are; or the tokens of the text tower.
 * @throws MedbenchError('config') if the token table has fewer rows than the word list and its padding, or the tower takes
 *   one of its indices for padding.
 */
export function questionRows(
  train: readonly VqaExample[],
  test: readonly VqaExample[],
  { words, places }: FineTunedVqaSettings,
  { tokenize }: Pick<ModelTowers, 'tokenize'>,
  { id, vocabSize, padId }: Pick<TextEncoderModel, 'id' | 'vocabSize' | 'padId'>,
): QuestionRows {
  const texts = [...train, ...test].map(({ question }) => cleanQuestion(question));
  const index = new Map<string, number>();
  const rowOf = Int32Array.from(texts, (text) => {
    if (!index.has(text)) index.set(text, index.size);
    return index.get(text)!;
  });
  const distinct = [...index.keys()];
  if (words === 'tokens') return { ids: tokenize(distinct, places), rowOf, note: `${places} tokens of the text tower` };
  if (padId !== undefined) {
    throw new MedbenchError('config', `${id} takes the id ${padId} for padding, which is a word of the study's list`, {
      hint: 'Set evaluation.fineTunedVqa.words=tokens.',
    });
  }
  const list = wordList(train.map(({ question }) => question));
  const size = list.words.length;
  if (size + 1 > vocabSize) {
    throw new MedbenchError(
      'config',
      `The training questions have ${size} words and a padding, and the token table of the text tower has ${vocabSize} rows`,
      { hint: 'Set evaluation.fineTunedVqa.words=tokens, or take a larger vocabulary (model.merges).' },
    );
  }
  const ids = new Int32Array(distinct.length * places);
  for (const [row, text] of distinct.entries()) ids.set(list.encode(text, places), row * places);
  const known = new Set(list.words);
  const testWords = test.flatMap(({ question }) => cleanQuestion(question).split(' '));
  const unknown = testWords.filter((word) => !known.has(word)).length;
  return {
    ids,
    rowOf,
    note:
      `${places} words of a list of ${size}, whose indices go into the token table; ` +
      `${unknown} of ${testWords.length} words of the test questions are not in it and read as its last`,
  };
}

/** Outputs of frozen towers: image embeddings `[I, D]`, and word embeddings `[rows, T, D]`. */
export interface FrozenOutputs {
  readonly embeddings: HostTensor;
  readonly words: HostTensor;
}

/** All that batches are made of. */
export interface BatchParts {
  readonly examples: readonly VqaExample[];
  readonly rows: QuestionRows;
  readonly reader: ImageReader;
  /** Present if the towers are frozen. */
  readonly frozen: FrozenOutputs | undefined;
}

const zeros = ({ shape, dtype }: AnswerModel['inputs'][string]): HostTensor => {
  const size = shape.reduce((product, length) => product * length, 1);
  return { shape, dtype, data: dtype === 'int32' ? new Int32Array(size) : new Float32Array(size) };
};

/** Writes one row of a tensor into another. */
function copyRow(from: HostTensor, row: number, to: HostTensor, slot: number): void {
  const size = from.data.length / from.shape[0]!;
  (to.data as Float32Array).set((from.data as Float32Array).subarray(row * size, (row + 1) * size), slot * size);
}

/** Makes the inputs of a batch of questions, by their indices. A batch that is not full ends with zeros. */
export async function makeInputs(
  specs: AnswerModel['inputs'],
  { examples, rows, reader, frozen }: BatchParts,
  questions: ArrayLike<number>,
): Promise<HostTensors> {
  const batch: HostTensors = Object.fromEntries(Object.entries(specs).map(([name, spec]) => [name, zeros(spec)]));
  const { images, ids, pixels, embedding, words } = INPUT;
  for (let slot = 0; slot < questions.length; slot++) {
    const question = questions[slot]!;
    const { image } = examples[question]!;
    const row = rows.rowOf[question]!;
    if (batch[images]) await reader.image(image, batch[images].data as Float32Array, slot);
    if (batch[pixels]) await reader.pixels(image, batch[pixels].data as Float32Array, slot);
    if (batch[ids]) {
      const places = batch[ids].shape[1]!;
      batch[ids].data.set(rows.ids.subarray(row * places, (row + 1) * places), slot * places);
    }
    if (batch[embedding]) copyRow(frozen!.embeddings, image, batch[embedding], slot);
    if (batch[words]) copyRow(frozen!.words, row, batch[words], slot);
  }
  return batch;
}

/** Draws the masks of dropout of a step: 0 with the given probability, else 1 / (1 - p). */
export const drawMasks = (masks: AnswerModel['masks'], seed: number, step: number): HostTensors =>
  Object.fromEntries(
    Object.entries(masks).map(([name, { spec, rate }]) => {
      const mask = zeros(spec);
      if (rate === 0) mask.data.fill(1);
      else {
        const stream = random(seed, 'vqa-dropout', step, name);
        for (let i = 0; i < mask.data.length; i++) mask.data[i] = stream.uniform() < rate ? 0 : 1 / (1 - rate);
      }
      return [name, mask];
    }),
  );

/**
 * Makes the inputs of a training step. They depend on the seed and the step alone.
 * @param targets index of the answer of each training question.
 */
export function trainingBatches(
  model: AnswerModel,
  parts: BatchParts,
  targets: Int32Array,
  { batch, answers, seed }: { readonly batch: number; readonly answers: number; readonly seed: number },
): (step: number) => Promise<HostTensors> {
  const order = batchOrder(targets.length, batch, seed);
  return async (step) => {
    const questions = order(step);
    const wanted = zeros({ shape: [batch, answers], dtype: 'float32' });
    for (const [slot, question] of questions.entries()) wanted.data[slot * answers + targets[question]!] = 1;
    return {
      ...(await makeInputs(model.inputs, parts, questions)),
      ...drawMasks(model.masks, seed, step),
      [INPUT.targets]: wanted,
    };
  };
}
