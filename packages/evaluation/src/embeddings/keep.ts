import type { EmbeddingFiles, EvaluationModel, Matrix } from '@medbench/core';
import { type EmbeddingsManifest, hashTexts, readManifest, readMatrix, writeManifest, writeMatrix } from './files.js';

/**
 * See `EmbeddingFiles.keep`. Arrays are `<name>.images.npy` and `<name>.texts.npy` (joint space) and
 * `<name>.features.npy` (before the projection); what a task embeds without a name is not kept.
 */
export const keepEmbeddings: EmbeddingFiles['keep'] = async (folder, { key, model: id, task }, load) => {
  // A broken or older description is as good as none: everything is computed again.
  const stored = await readManifest(folder).catch(() => undefined);
  const known = stored?.key === key && stored.can && stored.logitScale !== undefined ? stored : undefined;
  let loading: Promise<EvaluationModel> | undefined;
  const model = (): Promise<EvaluationModel> => {
    loading ??= load();
    return loading;
  };
  let manifest: EmbeddingsManifest;
  if (known) manifest = known;
  else {
    const { can, logitScale } = await model();
    manifest = { format: 'medbench-embeddings', version: 1, key, model: id, task, can, logitScale, texts: {} };
  }
  /** Arrays of this key; others in the folder are left from another. */
  const valid = new Set(known ? Object.keys(known.texts ?? {}) : []);
  const note = async (name: string, hash: string): Promise<void> => {
    valid.add(name);
    manifest = { ...manifest, texts: { ...manifest.texts, [name]: hash } };
    await writeManifest(folder, manifest);
  };
  const array = async (name: string | undefined, rows: number, hash: string, compute: () => Promise<Matrix>) => {
    if (name === undefined) return compute();
    if (valid.has(name) && manifest.texts?.[name] === hash) {
      const kept = await readMatrix(folder, name).catch(() => undefined);
      if (kept?.rows === rows) return kept;
    }
    const matrix = await compute();
    await writeMatrix(folder, name, matrix);
    await note(name, hash);
    return matrix;
  };
  const named = (as: string | undefined, kind: string) => (as === undefined ? undefined : `${as}.${kind}`);
  return {
    id,
    can: manifest.can!,
    logitScale: manifest.logitScale!,
    embedImages: (images, as) =>
      array(named(as, 'images'), images.length, '', async () => (await model()).embedImages(images)),
    imageFeatures: (images, as) =>
      array(named(as, 'features'), images.length, '', async () => (await model()).imageFeatures(images)),
    embedTexts: (texts, as) =>
      array(named(as, 'texts'), texts.length, hashTexts(texts), async () => (await model()).embedTexts(texts)),
  };
};
