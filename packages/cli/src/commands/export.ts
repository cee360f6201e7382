import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Activation, MedbenchError } from '@medbench/core';
import { EXIT } from '../errors.js';

interface ExportOptions {
  readonly method: string;
  readonly seed?: number;
  readonly layout: 'open_clip' | 'hugging-face';
  readonly out: string;
}

/** Folders below another, for a message. */
const foldersIn = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder).sort() : []);

/** `medbench export DIR`. */
export async function exportRow(dir: string, { method, seed = 0, layout, out }: ExportOptions): Promise<number> {
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
  const [{ readSafetensors }, { exportWeights }] = await Promise.all([
    import('@medbench/nn'),
    import('@medbench/weights'),
  ]);
  const { tensors, metadata } = await readSafetensors(file);
  const activation: Activation = metadata.activation === 'gelu' ? 'gelu' : 'quick-gelu';
  for (const written of await exportWeights(resolve(out), tensors, { layout, activation })) console.log(written);
  return EXIT.ok;
}
