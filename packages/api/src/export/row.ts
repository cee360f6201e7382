import { copyFileSync, existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Activation, fileId, hashFile, MedbenchError, readSealed, type Tower } from '@medbench/core';
import { RunLayout } from '@medbench/runner';
import type { BuiltModel } from '@medbench/training';

/** Which weights of a run to export, in which format, and where to. */
export interface ExportOptions {
  readonly method: string;
  readonly seed?: number | undefined;
  readonly format?: 'safetensors' | 'onnx' | undefined;
  readonly tower?: Tower | undefined;
  readonly layout?: 'open_clip' | 'hugging-face' | undefined;
  readonly batch?: number | undefined;
  readonly out: string;
}

/** Checks that options fit together. @throws MedbenchError('usage') */
function checkFlags({ format, tower, layout, batch }: ExportOptions): void {
  const usageError = (message: string, hint: string): MedbenchError => new MedbenchError('usage', message, { hint });
  if (format !== 'onnx') {
    if (batch !== undefined) throw usageError('--batch sets the batch size of an ONNX graph', 'Add --format onnx.');
    return;
  }
  if (!tower) throw usageError('--format onnx writes one tower', 'Add --tower image or --tower text.');
  if (layout === 'hugging-face') {
    throw usageError(
      '--layout is for safetensors',
      "An ONNX file keeps the tensor names of the checkpoint, which are open_clip's.",
    );
  }
}

/** Lists the entries of a folder, for messages. */
const listFolders = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder).sort() : []);

/** The outcome of an export. */
export interface ExportedFiles {
  readonly files: readonly string[];
  /** For ONNX, the largest relative difference from medbench's own embeddings. */
  readonly difference?: number;
}

/**
 * Exports the weights that a run trained, or one tower as an ONNX file, for use elsewhere.
 * @param dir the run folder.
 * @throws MedbenchError('usage') for options that do not fit together, or weights that the run does not have; and as
 *   `exportOnnx`.
 */
export async function exportRow(dir: string, options: ExportOptions): Promise<ExportedFiles> {
  const { method, seed = 0, format, tower, layout: names = 'open_clip', batch, out } = options;
  checkFlags(options);
  const layout = new RunLayout(resolve(dir));
  const file = findWeights(dir, layout, method, seed);
  await checkUndamaged(file, layout.training(method, seed));
  const { readSafetensors } = await import('@medbench/nn');
  const { tensors: weights, metadata } = await readSafetensors(file);
  const activation: Activation = metadata.activation === 'gelu' ? 'gelu' : 'quick-gelu';
  const folder = resolve(out);
  const copyModelCard = (): void => {
    const card = layout.modelCard(method, seed);
    if (existsSync(card)) copyFileSync(card, join(folder, 'README.md'));
  };
  if (format === 'onnx' && tower) {
    const { exportOnnx } = await import('./onnx.js');
    const fixed = batch === undefined ? {} : { batch };
    const run = { dir: resolve(dir), method, seed, file, weights, activation };
    const written = await exportOnnx({ ...run, tower, out: folder, ...fixed });
    copyModelCard();
    return written;
  }
  const { exportWeights, readSizes } = await import('@medbench/weights');
  const only = tower ? { tower } : {};
  // The sizes of CLIP's own towers are read from their weights; other towers are built, and describe themselves.
  const built = readSizes(weights) ? undefined : await buildTowers(resolve(dir), method, activation);
  const { readRunConfig } = await import('./row-model.js');
  const preprocessing = readRunConfig(resolve(dir))?.model.preprocessing ?? undefined;
  const described = { model: built?.model, tokenizerFiles: built?.tokenizer.files?.(), preprocessing };
  const files = await exportWeights(folder, weights, { layout: names, activation, ...described, ...only });
  copyModelCard();
  return { files };
}

async function buildTowers(dir: string, method: string, activation: Activation): Promise<BuiltModel> {
  const { buildRowModel } = await import('./row-model.js');
  return (await buildRowModel(dir, method, activation)).built;
}

/**
 * Checks weights against the record of their training, if it has a checksum.
 * @throws MedbenchError('weights') if they are not what was written.
 */
async function checkUndamaged(file: string, training: string): Promise<void> {
  const record = readSealed<{ readonly weights: string }>(training);
  const damaged = (path: string): MedbenchError =>
    new MedbenchError('weights', `${path} is damaged or was changed by hand`, {
      hint: 'Repeat the run command on its folder: it trains the row again.',
    });
  if (record.state === 'damaged') throw damaged(training);
  if (record.state === 'intact' && record.value.weights !== (await hashFile(file))) throw damaged(file);
}

/** Finds the finished weights of a row. @throws MedbenchError('usage') listing the rows or seeds that exist. */
function findWeights(dir: string, layout: RunLayout, method: string, seed: number): string {
  const checkpoints = layout.allCheckpoints;
  const rows = listFolders(checkpoints).map(fileId);
  if (rows.length === 0) {
    throw new MedbenchError('usage', `${dir} holds no trained weights`, { hint: 'Name the folder of a run.' });
  }
  const row = layout.checkpoints(method);
  const file = layout.weights(method, seed);
  if (existsSync(file)) return file;
  const seeds = listFolders(row).map((name) => name.replace('seed-', ''));
  throw new MedbenchError('usage', `${dir} has no finished weights of ${method} with seed ${seed}`, {
    hint: seeds.length > 0 ? `Its seeds: ${seeds.join(', ')}.` : `Its rows: ${rows.join(', ')}.`,
  });
}
