import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type EvaluationModel, type Matrix, MedbenchError, messageOf, writeFileAtomic } from '@medbench/core';
import { encodeNpy, readNpy } from '@medbench/data';

/** `embeddings.json`: what the arrays beside it are. */
export interface EmbeddingsManifest {
  readonly format: 'medbench-embeddings';
  readonly version: 1;
  /** Hash of all that the arrays depend on; absent in folders that other tools made. */
  readonly key?: string;
  /** What made them. */
  readonly model?: string;
  readonly task?: string;
  readonly can?: EvaluationModel['can'];
  /** exp of the learned logit scale; 100 is taken where it is not given. */
  readonly logitScale?: number;
  /** SHA-256 of the texts that were embedded, by array. */
  readonly texts?: Readonly<Record<string, string>>;
}

export const MANIFEST = 'embeddings.json';

/** Hash of a list of texts, which are not kept themselves: some are under a use agreement. */
export const hashTexts = (texts: readonly string[]): string =>
  createHash('sha256').update(JSON.stringify(texts)).digest('hex');

/** Undefined if it is not there. @throws MedbenchError('data') if it is no such file. */
export async function readManifest(folder: string): Promise<EmbeddingsManifest | undefined> {
  const file = join(folder, MANIFEST);
  if (!existsSync(file)) return undefined;
  try {
    const manifest = JSON.parse(await readFile(file, 'utf8')) as EmbeddingsManifest;
    if (manifest.format === 'medbench-embeddings' && manifest.version === 1) return manifest;
  } catch (cause) {
    throw new MedbenchError('data', `${file} cannot be read: ${messageOf(cause)}`, { cause });
  }
  throw new MedbenchError('data', `${file} is not a description of embeddings`, {
    hint: 'It begins with { "format": "medbench-embeddings", "version": 1, …',
  });
}

export const writeManifest = (folder: string, manifest: EmbeddingsManifest): Promise<void> =>
  writeFileAtomic(join(folder, MANIFEST), `${JSON.stringify(manifest, null, 1)}\n`);

const fileOf = (folder: string, name: string): string => join(folder, `${name}.npy`);

/** @throws MedbenchError('store') naming the file. */
export const writeMatrix = (folder: string, name: string, { rows, cols, data }: Matrix): Promise<void> =>
  writeFileAtomic(fileOf(folder, name), encodeNpy({ shape: [rows, cols], dtype: 'f4', data }, name));

/**
 * A two-dimensional array of 32- or 64-bit floats; undefined if the file is not there.
 * @throws MedbenchError('data') naming the file if it is damaged or of another kind.
 */
export async function readMatrix(folder: string, name: string): Promise<Matrix | undefined> {
  const file = fileOf(folder, name);
  if (!existsSync(file)) return undefined;
  const { shape, data } = await readNpy(file);
  if (shape.length !== 2 || !(data instanceof Float32Array || data instanceof Float64Array)) {
    throw new MedbenchError('data', `${file} holds ${data.constructor.name} of shape [${shape.join(', ')}]`, {
      hint: 'An array of embeddings is float32 or float64, one row for each picture or text.',
    });
  }
  return { rows: shape[0]!, cols: shape[1]!, data: data instanceof Float32Array ? data : Float32Array.from(data) };
}
