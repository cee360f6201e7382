import { join } from 'node:path';
import { random } from '@medbench/core';
import { streamCase } from '../cases.js';
import type { PhantomManifest } from '../manifest.js';
import type { Factors } from '../model.js';
import { SIDE, writeMedMnistFile } from './medmnist.js';

/** Shares of the factors, raised so that every label has positive images in a split of a hundred. */
const [SHARE_OF_AIR, SHARE_OF_LARGE_HEARTS, SHARE_OF_PACEMAKERS] = [0.25, 0.4, 0.2];

/**
 * ChestMNIST's fourteen labels in order, each by what a phantom of a chest shows in its place. The names are those of
 * the real data set; the images are not.
 */
export const CHEST_LABELS: readonly (readonly [label: string, has: (factors: Factors) => boolean])[] = [
  ['atelectasis', ({ finding, side }) => finding === 'opacity' && side === 'left'],
  ['cardiomegaly', ({ heart }) => heart === 'enlarged'],
  ['effusion', ({ finding, level }) => finding === 'opacity' && level === 'lower'],
  ['infiltration', ({ finding }) => finding === 'opacity'],
  ['mass', ({ finding, size }) => finding === 'nodule' && size === 'large'],
  ['nodule', ({ finding, size }) => finding === 'nodule' && size === 'small'],
  ['pneumonia', ({ finding, level }) => finding === 'opacity' && level === 'upper'],
  ['pneumothorax', ({ pneumothorax }) => pneumothorax === 'present'],
  ['consolidation', ({ finding, size }) => finding === 'opacity' && size === 'large'],
  ['edema', ({ finding, heart }) => finding === 'opacity' && heart === 'enlarged'],
  ['emphysema', ({ pneumothorax, heart }) => pneumothorax === 'present' && heart === 'normal'],
  ['fibrosis', ({ finding, side }) => finding === 'opacity' && side === 'right'],
  ['pleural', ({ finding, side }) => finding === 'nodule' && side === 'right'],
  ['hernia', ({ pacemaker }) => pacemaker === 'present'],
];

/** The chest phantom at `index` of a split of `chestmnist.npz`. */
export function chestCase(seed: number, split: string, index: number) {
  const stream = `chestmnist/${split}`;
  const draw = random(seed, stream, index, 'labels');
  const finding = draw.pick(['none', 'nodule', 'opacity']);
  const place: Factors =
    finding === 'none'
      ? { side: 'none', size: 'none', level: 'none' }
      : {
          side: draw.pick(['left', 'right']),
          size: draw.pick(['small', 'large']),
          level: draw.pick(['upper', 'lower']),
        };
  const present = (share: number): string => (draw.uniform() < share ? 'present' : 'absent');
  return streamCase(seed, stream, index, 'radiology', {
    finding,
    ...place,
    pneumothorax: present(SHARE_OF_AIR),
    heart: draw.uniform() < SHARE_OF_LARGE_HEARTS ? 'enlarged' : 'normal',
    pacemaker: present(SHARE_OF_PACEMAKERS),
  });
}

/**
 * Writes `chestmnist.npz` below `folder`: chest X-ray phantoms in MedMNIST's layout, `{split}_images` [N, 28, 28] and
 * `{split}_labels` [N, 14], both u1. An image may have several labels, or none.
 */
export async function writeChestNpz(folder: string, { seed, counts }: PhantomManifest): Promise<void> {
  await writeMedMnistFile(join(folder, 'chestmnist.npz'), counts.classes, true, (split, index) => {
    const phantom = chestCase(seed, split, index);
    return {
      label: CHEST_LABELS.map(([, has]) => (has(phantom.factors) ? 1 : 0)),
      image: phantom.render(SIDE),
    };
  });
}
