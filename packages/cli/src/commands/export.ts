import { copyFileSync, existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Activation, MedbenchError, type Tower } from '@medbench/core';
import { EXIT } from '../errors.js';

interface ExportOptions {
  readonly method: string;
  readonly seed?: number;
  readonly format?: 'safetensors' | 'onnx';
  readonly tower?: Tower;
  readonly layout?: 'open_clip' | 'hugging-face';
  readonly batch?: number;
  readonly out: string;
}

/** @throws MedbenchError('usage') for flags that do not go together. */
function checkFlags({ format, tower, layout, batch }: ExportOptions): void {
  const wrong = (message: string, hint: string): MedbenchError => new MedbenchError('usage', message, { hint });
  if (format !== 'onnx') {
    if (batch !== undefined) throw wrong('--batch fixes a side of an ONNX graph', 'Add --format onnx.');
    return;
  }
  if (!tower) throw wrong('--format onnx writes one tower', 'Add --tower image or --tower text.');
  if (layout === 'hugging-face') {
    throw wrong('--layout is for safetensors', "An ONNX file's weights have the names of the checkpoint, open_clip's.");
  }
}

/** Folders below another, for a message. */
const foldersIn = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder).sort() : []);

/** `medbench export DIR`. */
export async function exportRow(dir: string, options: ExportOptions): Promise<number> {
  const { method, seed = 0, format, tower, layout = 'open_clip', batch, out } = options;
  checkFlags(options);
  const checkpoints = join(resolve(dir), 'checkpoints');
  const rows = foldersIn(checkpoints).map(decodeURIComponent);
  if (rows.length === 0) {
    throw new MedbenchError('usage', `${dir} holds no trained weights`, { hint: 'Name the folder of a run.' });
  }
  const row = join(checkpoints, foldersIn(checkpoints).find((one) => decodeURIComponent(one) === method) ?? method);
  const file = join(row, `seed-${seed}`, 'weights.safetensors');
  if (!existsSync(file)) {
    const seeds = foldersIn(row).map((one) => one.replace('seed-', ''));
    throw new MedbenchError('usage', `${dir} has no finished weights of ${method} with seed ${seed}`, {
      hint: seeds.length > 0 ? `Its seeds: ${seeds.join(', ')}.` : `Its rows: ${rows.join(', ')}.`,
    });
  }
  const { readSafetensors } = await import('@medbench/nn');
  const { tensors: weights, metadata } = await readSafetensors(file);
  const activation: Activation = metadata.activation === 'gelu' ? 'gelu' : 'quick-gelu';
  const folder = resolve(out);
  const withCard = (): void => {
    const card = join(row, `seed-${seed}`, 'README.md');
    if (existsSync(card)) copyFileSync(card, join(folder, 'README.md'));
  };
  if (format === 'onnx' && tower) {
    const { exportOnnx } = await import('./export-onnx.js');
    const fixed = batch === undefined ? {} : { batch };
    const run = { dir: resolve(dir), method, seed, file, weights, activation };
    const { files, difference } = await exportOnnx({ ...run, tower, out: folder, ...fixed });
    withCard();
    for (const written of files) console.log(written);
    console.error(`It embeds as medbench does (largest relative difference ${difference.toExponential(1)}).`);
    return EXIT.ok;
  }
  const { exportWeights } = await import('@medbench/weights');
  const only = tower ? { tower } : {};
  for (const written of await exportWeights(folder, weights, { layout, activation, ...only })) console.log(written);
  withCard();
  return EXIT.ok;
}
