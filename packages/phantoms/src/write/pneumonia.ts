import { join } from 'node:path';
import { random } from '@medbench/core';
import { streamCase } from '../cases.js';
import type { PhantomManifest } from '../manifest.js';
import type { Factors } from '../model.js';
import { SIDE, SPLITS, writeMedMnistFile } from './medmnist.js';

/** Share of pneumonia in each split, as in PneumoniaMNIST (3494 of 4708, 389 of 524, 390 of 624). */
export const PNEUMONIA_SHARE = { train: 0.742, val: 0.742, test: 0.625 } as const;

/**
 * Writes `pneumoniamnist.npz` below `folder`: chest X-ray phantoms in MedMNIST's layout, `{split}_images` [N, 28, 28]
 * and `{split}_labels` [N, 1], both u1. Label 1 is an opacity in one lung, label 0 clear lungs. The share of each label
 * is exact but for rounding.
 */
export async function writePneumoniaNpz(
  folder: string,
  { seed, counts: { pneumonia } }: PhantomManifest,
): Promise<void> {
  const orders = Object.fromEntries(
    SPLITS.map((split) => [split, random(seed, 'pneumonia', split).permutation(pneumonia[split])]),
  );
  await writeMedMnistFile(join(folder, 'pneumoniamnist.npz'), pneumonia, true, (split, index) => {
    const ill = orders[split]![index]! < Math.round(pneumonia[split] * PNEUMONIA_SHARE[split]);
    return { label: ill ? 1 : 0, image: pneumoniaCase(seed, split, index, ill).render(SIDE) };
  });
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
