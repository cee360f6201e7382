import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type EvaluationModel, errorMessage, type Matrix, MedbenchError, writeFileAtomic } from '@medbench/core';
import { encodeNpy, readNpy } from '@medbench/formats';

/** `embeddings.json`: what the arrays beside it are. */
export interface EmbeddingsManifest {
  readonly format: 'medbench-embeddings';
  readonly version: 1;
  /** Hash of all that the arrays depend on; absent in folders that other tools made. */
  readonly key?: string;
  /** What made them: the row's name where none is given. */
  readonly model?: string;
  readonly task?: string;
  readonly can?: EvaluationModel['can'];
  /** exp of the learned logit scale; 100 is taken where it is not given. */
  readonly logitScale?: number;
  /** SHA-256 of the texts that were embedded, by array; `''` for an array of images. With a key: all that is kept. */
  readonly texts?: Readonly<Record<string, string>>;
  /** What another tool must embed, in folders of inputs. */
  readonly arrays?: readonly WantedArray[];
}

/** An array's file, and where its images or texts are. */
export interface WantedArray {
  readonly array: string;
  readonly rows: number;
  readonly inputs: string;
}

export const MANIFEST = 'embeddings.json';
const SUFFIX = '.npy';

/** Hash of a list of texts, which are not kept themselves: some are under a use agreement. */
export const hashTexts = (texts: readonly string[]): string =>
  createHash('sha256').update(JSON.stringify(texts)).digest('hex');

const isText = (value: unknown): boolean => typeof value === 'string' && value.trim() !== '';
const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What a field must be, for those that a person may write. */
const FIELDS: Readonly<Record<string, readonly [(value: unknown) => boolean, string]>> = {
  key: [isText, 'text'],
  model: [isText, 'a name'],
  task: [isText, 'the id of a task'],
  logitScale: [(value) => typeof value === 'number' && Number.isFinite(value) && value > 0, 'a number above 0'],
  can: [
    (value) => isRecord(value) && ['images', 'texts', 'joint'].every((name) => typeof value[name] === 'boolean'),
    '{ "images": …, "texts": …, "joint": … } with true or false',
  ],
  texts: [(value) => isRecord(value) && Object.values(value).every((hash) => typeof hash === 'string'), 'hashes'],
  arrays: [(value) => Array.isArray(value) && value.every(isRecord), 'a list of arrays'],
};

function checked(file: string, manifest: unknown): EmbeddingsManifest {
  if (!isRecord(manifest) || manifest.format !== 'medbench-embeddings' || manifest.version !== 1) {
    throw new MedbenchError('data', `${file} is not a description of embeddings`, {
      hint: 'It begins with { "format": "medbench-embeddings", "version": 1, … A folder of arrays needs none.',
    });
  }
  for (const [name, [fits, what]] of Object.entries(FIELDS)) {
    if (manifest[name] === undefined || fits(manifest[name])) continue;
    throw new MedbenchError('data', `${file}: "${name}" must be ${what}, not ${JSON.stringify(manifest[name])}`, {
      hint: 'Correct the entry, or leave it out.',
    });
  }
  return manifest as unknown as EmbeddingsManifest;
}

/** Undefined if it is not there. @throws MedbenchError('data') naming the file if it is no such file. */
export async function readManifest(folder: string): Promise<EmbeddingsManifest | undefined> {
  const file = join(folder, MANIFEST);
  if (!existsSync(file)) return undefined;
  let manifest: unknown;
  try {
    manifest = JSON.parse(await readFile(file, 'utf8'));
  } catch (cause) {
    throw new MedbenchError('data', `${file} cannot be read: ${errorMessage(cause)}`, {
      cause,
      hint: 'It must be JSON. A folder of arrays needs no such file.',
    });
  }
  return checked(file, manifest);
}

/** @throws MedbenchError('store') naming the file. */
export const writeManifest = (folder: string, manifest: EmbeddingsManifest): Promise<void> =>
  writeFileAtomic(join(folder, MANIFEST), `${JSON.stringify(manifest, null, 1)}\n`);

/** Where an array such as `test.images` is. */
export const arrayFile = (folder: string, name: string): string => join(folder, `${name}${SUFFIX}`);

/** The array that a file holds; undefined for a file of another kind. */
export const arrayName = (file: string): string | undefined =>
  file.endsWith(SUFFIX) ? file.slice(0, -SUFFIX.length) : undefined;

/** @throws MedbenchError('store') naming the file. */
export const writeMatrix = (folder: string, name: string, { rows, cols, data }: Matrix): Promise<void> =>
  writeFileAtomic(arrayFile(folder, name), encodeNpy({ shape: [rows, cols], dtype: 'f4', data }, name));

/**
 * A two-dimensional array `[rows, cols]` of 32- or 64-bit floats; undefined if the file is not there.
 * @throws MedbenchError('data') naming the file if it is damaged or of another kind.
 */
export async function readMatrix(folder: string, name: string): Promise<Matrix | undefined> {
  const file = arrayFile(folder, name);
  if (!existsSync(file)) return undefined;
  const { shape, dtype, data } = await readNpy(file);
  if (shape.length !== 2 || shape[1] === 0 || !(data instanceof Float32Array || data instanceof Float64Array)) {
    throw new MedbenchError('data', `${file} holds an array of type ${dtype} and shape [${shape.join(', ')}]`, {
      hint: 'An array of embeddings is float32 or float64, [rows, width], one row for each image or text.',
    });
  }
  return { rows: shape[0]!, cols: shape[1]!, data: data instanceof Float32Array ? data : Float32Array.from(data) };
}
