import { join } from 'node:path';
import { random } from '@medbench/core';
import { type NpyArray, writeNpz } from '@medbench/data';
import { streamCase } from '../cases.js';
import type { PhantomManifest } from '../manifest.js';
import type { Factors } from '../model.js';

const SIDE = 28;
/** Share of pneumonia in each split, as in PneumoniaMNIST (3494 of 4708, 389 of 524, 390 of 624). */
export const PNEUMONIA_SHARE = { train: 0.742, val: 0.742, test: 0.625 } as const;

/**
 * Writes `pneumoniamnist.npz` below `folder`: chest X-ray phantoms in MedMNIST's layout, `{split}_images` [N, 28, 28]
 * and `{split}_labels` [N, 1], both u1; label 1 for an opacity in one lung, 0 for clear lungs. The share of each label
 * is exact but for rounding.
 */
export async function writePneumoniaNpz(folder: string, { seed, counts }: PhantomManifest): Promise<void> {
  const arrays: Record<string, NpyArray> = {};
  for (const split of ['train', 'val', 'test'] as const) {
    const count = counts.pneumonia[split];
    const images = new Uint8Array(count * SIDE * SIDE);
    const labels = new Uint8Array(count);
    const order = random(seed, 'pneumonia', split).permutation(count);
    for (let i = 0; i < count; i++) {
      const ill = order[i]! < Math.round(count * PNEUMONIA_SHARE[split]);
      labels[i] = ill ? 1 : 0;
      images.set(pneumoniaCase(seed, split, i, ill).render(SIDE).data, i * SIDE * SIDE);
    }
    arrays[`${split}_images`] = { shape: [count, SIDE, SIDE], dtype: 'u1', data: images };
    arrays[`${split}_labels`] = { shape: [count, 1], dtype: 'u1', data: labels };
  }
  await writeNpz(join(folder, 'pneumoniamnist.npz'), arrays);
}

function pneumoniaCase(seed: number, split: string, index: number, ill: boolean) {
  const stream = `pneumonia/${split}`;
  const draw = random(seed, stream, index, 'finding');
  const opacity = {
    side: draw.pick(['left', 'right']),
    size: draw.pick(['small', 'large']),
    level: draw.pick(['upper', 'lower']),
  };
  const finding: Factors = ill
    ? { finding: 'opacity', ...opacity }
    : { finding: 'none', side: 'none', size: 'none', level: 'none' };
  return streamCase(seed, stream, index, 'radiology', { ...finding, pneumothorax: 'absent' });
}
