import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  type EmbeddingFiles,
  type EvaluationModel,
  hashFile,
  type Matrix,
  readSealed,
  type Sealed,
  seal,
} from '@medbench/core';
import {
  arrayFile,
  type EmbeddingsManifest,
  hashTexts,
  MANIFEST,
  readManifest,
  readMatrix,
  writeManifest,
  writeMatrix,
} from './files.js';

/** The arrays of one key in a folder, and the manifest that lists the valid ones. */
class KeptArrays {
  constructor(
    private readonly folder: string,
    private manifest: EmbeddingsManifest,
    /** Whether the manifest on disk has this key. If not, it lists no array of this key. */
    private described: boolean,
    private readonly damaged: (file: string) => void,
  ) {}

  get #hashes(): Readonly<Record<string, string>> {
    return this.manifest.texts ?? {};
  }

  /**
   * Reads an array; undefined if it is not listed, was made of other texts, has another number of rows, or its file
   * does not hold what was written.
   */
  async read(name: string, rows: number, hash: string): Promise<Matrix | undefined> {
    if (!this.described || this.#hashes[name] !== hash) return undefined;
    const file = arrayFile(this.folder, name);
    const checksum = await hashFile(file).catch(() => undefined);
    if (checksum === undefined) return undefined;
    if (checksum !== this.manifest.files?.[name]) {
      this.damaged(file);
      return undefined;
    }
    const matrix = await readMatrix(this.folder, name).catch(() => undefined);
    return matrix?.rows === rows ? matrix : undefined;
  }

  /**
   * Writes an array and lists it in the manifest. An outdated entry is removed before the array is written, so that the
   * manifest never lists an array of another key or of other texts, even if the process is killed in between.
   */
  async write(name: string, hash: string, matrix: Matrix): Promise<void> {
    const { [name]: previousHash, ...texts } = this.#hashes;
    const { [name]: _, ...files } = this.manifest.files ?? {};
    if (!this.described || previousHash !== undefined) await this.#describe({ texts, files });
    const checksum = await writeMatrix(this.folder, name, matrix);
    await this.#describe({ texts: { ...texts, [name]: hash }, files: { ...files, [name]: checksum } });
  }

  async #describe(lists: Required<Pick<EmbeddingsManifest, 'texts' | 'files'>>): Promise<void> {
    this.manifest = seal({ ...this.manifest, ...lists });
    await writeManifest(this.folder, this.manifest);
    this.described = true;
  }
}

/** Reads the manifest of kept arrays; undefined if there is none, or it does not hold what was written. */
async function readKept(folder: string, damaged: (file: string) => void): Promise<EmbeddingsManifest | undefined> {
  const file = join(folder, MANIFEST);
  if (!existsSync(file)) return undefined;
  const { state } = readSealed<Sealed<EmbeddingsManifest>>(file);
  if (state === 'damaged') damaged(file);
  return state === 'intact' ? readManifest(folder).catch(() => undefined) : undefined;
}

/**
 * See `EmbeddingFiles.keep`. Arrays are `<name>.images.npy` and `<name>.texts.npy` (joint space) and
 * `<name>.features.npy` (before the projection). Embeddings that a task asks for without a name are not kept.
 */
export const keepEmbeddings: EmbeddingFiles['keep'] = async (folder, info, load) => {
  const { key, model: id, task, damaged = () => {} } = info;
  // A damaged or outdated manifest counts as none: everything is computed again.
  const stored = await readKept(folder, damaged);
  let loading: Promise<EvaluationModel> | undefined;
  const model = (): Promise<EvaluationModel> => {
    loading ??= load();
    return loading;
  };
  const reusable = stored?.key === key && stored.can && stored.logitScale !== undefined;
  const { can, logitScale } = reusable ? { can: stored.can, logitScale: stored.logitScale } : await model();
  const fresh = { format: 'medbench-embeddings', version: 1, key, model: id, task, can, logitScale } as const;
  const keptArrays = new KeptArrays(folder, reusable ? stored : fresh, Boolean(reusable), damaged);
  const loadOrCompute = async (
    name: string,
    rows: number,
    hash: string,
    compute: () => Promise<Matrix>,
  ): Promise<Matrix> => {
    const cached = await keptArrays.read(name, rows, hash);
    if (cached) return cached;
    const matrix = await compute();
    await keptArrays.write(name, hash, matrix);
    return matrix;
  };
  return {
    id,
    can,
    logitScale,
    towers: async () => (await model()).towers?.(),
    async embedImages(images, as) {
      const compute = async () => (await model()).embedImages(images, as);
      return as === undefined ? compute() : loadOrCompute(`${as}.images`, images.length, '', compute);
    },
    async imageFeatures(images, as) {
      const compute = async () => (await model()).imageFeatures(images, as);
      return as === undefined ? compute() : loadOrCompute(`${as}.features`, images.length, '', compute);
    },
    async embedTexts(texts, as) {
      const compute = async () => (await model()).embedTexts(texts, as);
      return as === undefined ? compute() : loadOrCompute(`${as}.texts`, texts.length, hashTexts(texts), compute);
    },
  };
};
