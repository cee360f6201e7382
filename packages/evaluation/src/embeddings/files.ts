import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from 'node:util';
import {
  type EvaluationModel,
  errorMessage,
  hashBytes,
  type Matrix,
  MedbenchError,
  parseJson,
  writeFileAtomic,
} from '@medbench/core';
import { encodeNpy, readNpy } from '@medbench/formats';

/** Content of `embeddings.json`, the manifest that describes the arrays beside it. */
export interface EmbeddingsManifest {
  readonly format: 'medbench-embeddings';
  readonly version: 1;
  /** Hash of everything that the arrays depend on. Absent in folders that other tools made. */
  readonly key?: string;
  /** Name of the model that made the arrays; it becomes the row's name if no other name is given. */
  readonly model?: string;
  readonly task?: string;
  readonly can?: EvaluationModel['can'];
  /** Exponential of the learned logit scale. Default 100. */
  readonly logitScale?: number;
  /** `bfloat16` if arrays of two bytes per element hold such numbers, which NumPy's format cannot name. */
  readonly dtype?: 'bfloat16';
  /**
   * SHA-256 of the embedded texts of each array, `''` for an array of images. In a folder with a `key`, this lists all
   * valid arrays.
   */
  readonly texts?: Readonly<Record<string, string>>;
  /** SHA-256 of the file of each array that a run keeps. */
  readonly files?: Readonly<Record<string, string>>;
  /** SHA-256 of all other fields, in a folder that a run keeps. */
  readonly checksum?: string;
  /** Arrays that another tool must make, in folders written by `medbench embed --inputs`. */
  readonly arrays?: readonly WantedArray[];
}

/** File of an array to be made, and the folder or file with the images or texts to embed. */
export interface WantedArray {
  readonly array: string;
  readonly rows: number;
  readonly inputs: string;
}

export const MANIFEST = 'embeddings.json';
const SUFFIX = '.npy';

/** Hash of a list of texts. The texts themselves are not stored: some are under a use agreement. */
export const hashTexts = (texts: readonly string[]): string =>
  createHash('sha256').update(JSON.stringify(texts)).digest('hex');

const isText = (value: unknown): boolean => typeof value === 'string' && value.trim() !== '';
/** Whether a text may be a part of a path. */
const isName = (value: unknown): boolean => isText(value) && (value as string).length <= 200;
const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Check of each field that a person may write, and the words for a valid value. */
const FIELDS: Readonly<Record<string, readonly [(value: unknown) => boolean, string]>> = {
  key: [isText, 'text'],
  model: [isName, 'a name'],
  task: [isName, 'the id of a task'],
  dtype: [(value) => value === 'bfloat16', '"bfloat16"; other types are named by the arrays themselves'],
  logitScale: [(value) => typeof value === 'number' && Number.isFinite(value) && value > 0, 'a number above 0'],
  can: [
    (value) => isRecord(value) && ['images', 'texts', 'joint'].every((name) => typeof value[name] === 'boolean'),
    '{ "images": …, "texts": …, "joint": … } with true or false',
  ],
  files: [(value) => isRecord(value) && Object.values(value).every((hash) => typeof hash === 'string'), 'hashes'],
  texts: [(value) => isRecord(value) && Object.values(value).every((hash) => typeof hash === 'string'), 'hashes'],
  arrays: [(value) => Array.isArray(value) && value.every(isRecord), 'a list of arrays'],
};

/** A value on one line, without what is long or deep in it. */
const shortly = (value: unknown): string =>
  typeof value === 'string'
    ? JSON.stringify(value.slice(0, 80))
    : inspect(value, { depth: 2, maxStringLength: 80, breakLength: Infinity });

function checked(file: string, manifest: unknown): EmbeddingsManifest {
  if (!isRecord(manifest) || manifest.format !== 'medbench-embeddings' || manifest.version !== 1) {
    throw new MedbenchError('data', `${file} is not a description of embeddings`, {
      hint: 'It must begin with { "format": "medbench-embeddings", "version": 1, … A folder of arrays needs no such file.',
    });
  }
  for (const [name, [fits, what]] of Object.entries(FIELDS)) {
    if (manifest[name] === undefined || fits(manifest[name])) continue;
    throw new MedbenchError('data', `${file}: "${name}" must be ${what}, not ${shortly(manifest[name])}`, {
      hint: 'Correct the entry, or leave it out.',
    });
  }
  return manifest as unknown as EmbeddingsManifest;
}

/**
 * Reads the manifest of a folder.
 * @returns undefined if the folder has no manifest.
 * @throws MedbenchError('data') naming the file if it is not a valid manifest.
 */
export async function readManifest(folder: string): Promise<EmbeddingsManifest | undefined> {
  const file = join(folder, MANIFEST);
  if (!existsSync(file)) return undefined;
  let manifest: unknown;
  try {
    manifest = parseJson(await readFile(file, 'utf8'));
  } catch (cause) {
    throw new MedbenchError('data', `${file} cannot be read: ${errorMessage(cause)}`, {
      cause,
      hint: 'It must be JSON. A folder of arrays needs no such file.',
    });
  }
  return checked(file, manifest);
}

/** Writes the manifest of a folder. @throws MedbenchError('store') naming the file. */
export const writeManifest = (folder: string, manifest: EmbeddingsManifest): Promise<void> =>
  writeFileAtomic(join(folder, MANIFEST), `${JSON.stringify(manifest, null, 1)}\n`);

/** Path of the file of an array such as `test.images`. */
export const arrayFile = (folder: string, name: string): string => join(folder, `${name}${SUFFIX}`);

/** Name of the array that a file holds; undefined if the file is not an NPY file. */
export const arrayName = (file: string): string | undefined =>
  file.endsWith(SUFFIX) ? file.slice(0, -SUFFIX.length) : undefined;

/**
 * Writes a matrix as an NPY file of 32-bit floats.
 * @returns the SHA-256 of the file.
 * @throws MedbenchError('store') naming the file.
 */
export async function writeMatrix(folder: string, name: string, { rows, cols, data }: Matrix): Promise<string> {
  const bytes = encodeNpy({ shape: [rows, cols], dtype: 'f4', data }, name);
  await writeFileAtomic(arrayFile(folder, name), bytes);
  return hashBytes(bytes);
}

/**
 * Reads a two-dimensional array `[rows, cols]` of 16-, 32- or 64-bit floats.
 * @returns the matrix in 32 bits, or undefined if the file does not exist.
 * @throws MedbenchError('data') naming the file if it is damaged, or has another element type or number of dimensions.
 */
export async function readMatrix(
  folder: string,
  name: string,
  { dtype: named }: Pick<EmbeddingsManifest, 'dtype'> = {},
): Promise<Matrix | undefined> {
  const file = arrayFile(folder, name);
  if (!existsSync(file)) return undefined;
  const { shape, dtype, data } = await readNpy(file, { bfloat16: named === 'bfloat16' });
  if (shape.length !== 2 || shape[1] === 0 || !(data instanceof Float32Array || data instanceof Float64Array)) {
    throw new MedbenchError('data', `${file} holds an array of type ${dtype} and shape [${shape.join(', ')}]`, {
      hint:
        'An array of embeddings must be float16, float32 or float64, [rows, width], with one row for each image or text. ' +
        `The bits of bfloat16 are read if ${MANIFEST} beside them has "dtype": "bfloat16".`,
    });
  }
  return { rows: shape[0]!, cols: shape[1]!, data: data instanceof Float32Array ? data : Float32Array.from(data) };
}
