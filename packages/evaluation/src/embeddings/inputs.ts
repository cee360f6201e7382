import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type EvaluationModel, type Matrix, MedbenchError, random, writeFileAtomic } from '@medbench/core';
import { encodePng } from '@medbench/data';
import {
  arrayFile,
  type EmbeddingsManifest,
  hashTexts,
  MANIFEST,
  readManifest,
  type WantedArray,
  writeManifest,
} from './files.js';

/** Random vectors `[rows, 2]` that stand for embeddings, so that a protocol runs to its end. */
function noise(rows: number): Matrix {
  const stream = random(0, 'inputs', rows);
  return { rows, cols: 2, data: Float32Array.from({ length: 2 * rows }, () => stream.normal()) };
}

/** A model that does not embed images and texts, but writes them to files. */
class InputRecorder implements EvaluationModel {
  readonly id = 'inputs';
  readonly can = { images: true, texts: true, joint: true };
  readonly logitScale = 1;
  readonly arrays = new Map<string, WantedArray>();
  readonly hashes: Record<string, string> = {};
  readonly #written = new Set<string>();

  constructor(
    private readonly folder: string,
    private readonly previous: EmbeddingsManifest | undefined,
  ) {}

  embedImages: EvaluationModel['embedImages'] = (images, as) => this.#images('images', images, as);
  imageFeatures: EvaluationModel['imageFeatures'] = (images, as) => this.#images('features', images, as);

  async embedTexts(texts: readonly string[], as = 'texts'): Promise<Matrix> {
    const name = `${as}.texts`;
    const hash = hashTexts(texts);
    const writtenHash = this.previous?.texts?.[name];
    if (writtenHash !== undefined && writtenHash !== hash && existsSync(arrayFile(this.folder, name))) {
      throw new MedbenchError(
        'usage',
        `${arrayFile(this.folder, name)} was made of other texts than the task has now`,
        {
          hint: 'Remove it, or name another folder with --out.',
        },
      );
    }
    this.#record(name, texts.length, `${as}.json`);
    this.hashes[name] = hash;
    await writeFileAtomic(join(this.folder, `${as}.json`), `${JSON.stringify(texts, null, 1)}\n`);
    return noise(texts.length);
  }

  async #images(
    kind: 'images' | 'features',
    images: Parameters<EvaluationModel['embedImages']>[0],
    as = 'images',
  ): Promise<Matrix> {
    this.#record(`${as}.${kind}`, images.length, `${as}/`);
    if (!this.#written.has(as)) {
      for (let i = 0; i < images.length; i++) {
        const name = `${String(i).padStart(6, '0')}.png`;
        await writeFileAtomic(join(this.folder, as, name), await encodePng(await images.get(i)));
      }
      this.#written.add(as);
    }
    return noise(images.length);
  }

  #record(name: string, rows: number, inputs: string): void {
    this.arrays.set(name, { array: `${name}.npy`, rows, inputs });
  }
}

/**
 * Writes the images and texts that a task embeds, for a tool that knows nothing of medbench: images as
 * `<name>/<index>.png`, texts as `<name>.json`, and `embeddings.json`, which lists the arrays to make. Fields that a
 * person added to an existing `embeddings.json` are kept.
 * @param evaluate measures the task with a given model.
 * @returns the arrays to make.
 * @throws MedbenchError('usage') if the folder holds exported embeddings, or arrays of other texts; ('store') if the
 * folder cannot be written; any error that `evaluate` throws.
 */
export async function recordInputs(
  folder: string,
  task: string,
  evaluate: (model: EvaluationModel) => Promise<unknown>,
): Promise<readonly WantedArray[]> {
  const previous = await readManifest(folder);
  if (previous?.key !== undefined) {
    throw new MedbenchError('usage', `${join(folder, MANIFEST)} describes embeddings that medbench exported`, {
      hint: 'Name another folder with --out.',
    });
  }
  const recorder = new InputRecorder(folder, previous);
  await evaluate(recorder);
  const arrays = [...recorder.arrays.values()];
  await writeManifest(folder, {
    ...previous,
    format: 'medbench-embeddings',
    version: 1,
    task,
    texts: recorder.hashes,
    arrays,
  });
  return arrays;
}
