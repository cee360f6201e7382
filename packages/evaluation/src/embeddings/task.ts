import { readdir } from 'node:fs/promises';
import { type EvaluationModel, type Matrix, MedbenchError, type OpenedEmbeddings } from '@medbench/core';
import { INPUTS_HINT, NEEDED_ARRAYS, readContents } from './arrays.js';
import {
  arrayFile,
  arrayName,
  type EmbeddingsManifest,
  hashTexts,
  MANIFEST,
  readManifest,
  readMatrix,
} from './files.js';

/** Default logit scale: CLIP's training clips the scale at this value, and most released models end there. */
const LOGIT_SCALE = 100;

/** Largest distance from 1 of the squared length of a row that was normalised in 32 bits. */
const ROUNDING = 1e-6;

/** Normalises the rows of a matrix `[N, D]` to unit length. Rows of unit length are not changed. */
function unitRows({ rows, cols, data: original }: Matrix): Matrix {
  let data = original;
  for (let i = 0; i < rows; i++) {
    let square = 0;
    for (let j = 0; j < cols; j++) square += original[i * cols + j]! ** 2;
    if (Math.abs(square - 1) < ROUNDING) continue;
    if (data === original) data = original.slice();
    for (let j = 0; j < cols; j++) data[i * cols + j]! /= Math.sqrt(square);
  }
  return { rows, cols, data };
}

/** Most rows that a message names. */
const MOST_NAMED = 5;

/**
 * Refuses embeddings that have no direction. Their cosine with everything would be 0, so that the image would count as
 * one of the first class, and be found for no text.
 */
function refuseZeroRows({ rows, cols, data }: Matrix, file: string): void {
  const zero: number[] = [];
  for (let i = 0; i < rows; i++)
    if (data.subarray(i * cols, (i + 1) * cols).every((value) => value === 0)) zero.push(i);
  if (zero.length === 0) return;
  const named = `${zero.slice(0, MOST_NAMED).join(', ')}${zero.length > MOST_NAMED ? ' …' : ''}`;
  throw new MedbenchError(
    'data',
    `${file} holds only zeros in ${zero.length === 1 ? 'row' : `${zero.length} rows:`} ${named}`,
    { hint: 'The model has failed on these images or texts. Rows count from 0. Embed them again.' },
  );
}

/** Reads the arrays of one task and checks that their widths agree. */
class TaskArrays {
  readonly #widths = new Map<string, { readonly file: string; readonly cols: number }>();

  constructor(
    private readonly folder: string,
    private readonly task: string,
    private readonly manifest: EmbeddingsManifest | undefined,
  ) {}

  /**
   * Reads one array.
   * @param space name of the space of the vectors: all arrays of one space must have the same width. Undefined if the
   * width does not matter.
   * @throws MedbenchError('data') naming the file if it is missing, damaged, of another size, not finite, or an embedding
   * of zeros. Features may be zeros.
   */
  async read(name: string, rows: number, space?: string): Promise<Matrix> {
    const file = arrayFile(this.folder, name);
    const matrix = await readMatrix(this.folder, name, this.manifest);
    if (!matrix) throw new MedbenchError('data', `${file} does not exist`, { hint: INPUTS_HINT });
    if (matrix.rows !== rows) {
      throw new MedbenchError('data', `${file} has ${matrix.rows} rows where ${this.task} has ${rows}`, {
        hint: INPUTS_HINT,
      });
    }
    const badIndex = matrix.data.findIndex((value) => !Number.isFinite(value));
    if (badIndex >= 0) {
      const row = Math.floor(badIndex / matrix.cols);
      throw new MedbenchError('data', `${file} holds ${matrix.data[badIndex]} in row ${row}`, {
        hint: 'Rows count from 0, in the order in which medbench embed --inputs writes images and texts. Embed that row again.',
      });
    }
    if (!name.endsWith('.features')) refuseZeroRows(matrix, file);
    const first = space === undefined ? undefined : this.#widths.get(space);
    if (first && first.cols !== matrix.cols) {
      throw new MedbenchError('data', `${file} has width ${matrix.cols}, but ${first.file} has width ${first.cols}`, {
        hint: `All arrays of ${space} must have the same width, because their vectors are compared.`,
      });
    }
    if (space !== undefined) this.#widths.set(space, { file, cols: matrix.cols });
    return matrix;
  }
}

/**
 * Opens the arrays of one task as a model that "embeds" by reading them. Rows of joint embeddings are normalised,
 * unless medbench wrote them: those are returned to the bit. Features are not changed.
 * @throws MedbenchError('data') if no protocol can be measured from the arrays. The model's methods throw it naming the
 * file that is missing, damaged, of another size, not finite, or made of other texts.
 */
export async function openTask(folder: string, task: string): Promise<OpenedEmbeddings> {
  const manifest = await readManifest(folder);
  const files = (await readdir(folder)).sort();
  const names = new Set(files.flatMap((file) => arrayName(file) ?? []));
  const { protocols, probeInput, can, notes } = readContents(names);
  if (protocols.length === 0) {
    const contents = names.size === 0 ? 'It holds no .npy file' : `It holds ${[...names].join('.npy, ')}.npy`;
    const wanted = manifest?.arrays?.map(({ array }) => array).join(', ');
    throw new MedbenchError('data', `${folder} holds no arrays from which ${task} can be measured`, {
      hint: `${contents}. ${wanted === undefined ? NEEDED_ARRAYS : `Needed: ${wanted}.`}`,
    });
  }
  const arrays = new TaskArrays(folder, task, manifest);
  const unit = manifest?.key === undefined ? unitRows : (matrix: Matrix) => matrix;
  const model: EvaluationModel = {
    id: manifest?.model ?? folder,
    can: manifest?.can ?? can,
    logitScale: manifest?.logitScale ?? LOGIT_SCALE,
    async embedImages({ length }, as = 'images') {
      const name = `${as}.images`;
      if (!names.has(name) && names.has(`${as}.features`)) {
        throw new MedbenchError('data', `${arrayFile(folder, name)} does not exist, but ${as}.features.npy does`, {
          hint: 'Add the file, or probe the features alone: --set evaluation.probe.features=before.',
        });
      }
      return unit(await arrays.read(name, length, as === 'all' ? undefined : 'joint embeddings'));
    },
    imageFeatures: ({ length }, as = 'images') => arrays.read(`${as}.${probeInput}`, length, probeInput),
    async embedTexts(texts, as = 'texts') {
      const name = `${as}.texts`;
      const hash = manifest?.texts?.[name];
      const matrix = await arrays.read(name, texts.length, as === 'questions' ? undefined : 'joint embeddings');
      if (hash === undefined || hash === hashTexts(texts)) return unit(matrix);
      throw new MedbenchError('data', `${arrayFile(folder, name)} was made of other texts than ${task} has now`, {
        hint: `Embed them again, with the settings of this run. ${INPUTS_HINT}`,
      });
    },
  };
  const unscaled = manifest?.logitScale === undefined && protocols.includes('zero-shot');
  const scale = `no logit scale given: probabilities use ${LOGIT_SCALE} (set "logitScale" in ${MANIFEST})`;
  return { model, protocols, notes: unscaled ? [...notes, scale] : notes };
}
