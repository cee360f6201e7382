import { join } from 'node:path';
import { type RasterImage, random } from '@medbench/core';
import { type NpyArray, writeNpz } from '@medbench/formats';
import type { PhantomSplit } from '../cases.js';
import { type ClassLook, classCase } from '../classes.js';
import type { PhantomCounts, PhantomManifest } from '../manifest.js';

/** Side of the images in pixels. */
export const SIDE = 28;
export const SPLITS = ['train', 'val', 'test'] as const satisfies PhantomSplit[];

/** MedMNIST's sets, each with the phantoms that represent its classes. Arrays of grey sets have no channel axis. */
const SETS: Readonly<Record<string, ClassLook & { readonly grey: boolean }>> = {
  pathmnist: { modality: 'histopathology', classes: 9, grey: false },
  dermamnist: { modality: 'dermatology', classes: 7, grey: false },
  octmnist: { modality: 'ophthalmology', classes: 4, grey: true },
  retinamnist: { modality: 'ophthalmology', classes: 5, grey: false },
  breastmnist: { modality: 'ultrasound', classes: 2, grey: true, focal: true },
  bloodmnist: { modality: 'histopathology', classes: 8, grey: false },
  tissuemnist: { modality: 'histopathology', classes: 8, grey: true },
  organamnist: { modality: 'radiology', classes: 11, grey: true },
  organcmnist: { modality: 'radiology', classes: 11, grey: true },
  organsmnist: { modality: 'radiology', classes: 11, grey: true },
};

/**
 * Writes `file` in MedMNIST's layout: `{split}_images` [N, 28, 28] or [N, 28, 28, 3] and `{split}_labels` [N, 1] or
 * [N, L], all u1.
 * @param draw Returns the label, or the entries of all labels, and the image of example `index` of a split.
 */
export async function writeMedMnistFile(
  file: string,
  counts: PhantomCounts['classes'],
  grey: boolean,
  draw: (
    split: PhantomSplit,
    index: number,
  ) => { readonly label: number | readonly number[]; readonly image: RasterImage },
): Promise<void> {
  const channels = grey ? 1 : 3;
  const arrays: Record<string, NpyArray> = {};
  for (const split of SPLITS) {
    const count = counts[split];
    const images = new Uint8Array(count * SIDE * SIDE * channels);
    const labels: number[] = [];
    for (let i = 0; i < count; i++) {
      const { label, image } = draw(split, i);
      labels.push(...[label].flat());
      images.set(grey ? toGrey(image) : image.data, i * SIDE * SIDE * channels);
    }
    arrays[`${split}_images`] = { shape: [count, SIDE, SIDE, ...(grey ? [] : [3])], dtype: 'u1', data: images };
    const width = count === 0 ? 1 : labels.length / count;
    arrays[`${split}_labels`] = { shape: [count, width], dtype: 'u1', data: Uint8Array.from(labels) };
  }
  await writeNpz(file, arrays);
}

const toGrey = ({ channels, data }: RasterImage): Uint8Array =>
  channels === 1
    ? data
    : Uint8Array.from({ length: data.length / 3 }, (_, i) => (data[3 * i]! + data[3 * i + 1]! + data[3 * i + 2]!) / 3);

/** The writers of all MedMNIST sets except PneumoniaMNIST, by file name. */
export const MEDMNIST_PARTS = Object.fromEntries(
  Object.entries(SETS).map(([name, look]) => [
    `${name}.npz`,
    (folder: string, { seed, counts }: PhantomManifest) => {
      const labels = Object.fromEntries(
        SPLITS.map((split) => [split, evenLabels(seed, `${name}/${split}`, counts.classes[split], look.classes)]),
      );
      return writeMedMnistFile(join(folder, `${name}.npz`), counts.classes, look.grey, (split, index) => {
        const label = labels[split]![index]!;
        return { label, image: classCase(seed, `${name}/${split}`, index, label, look).render(SIDE) };
      });
    },
  ]),
);

/** Labels in random order; all classes are equally frequent but for rounding. */
export const evenLabels = (seed: number, stream: string, count: number, classes: number): Int32Array =>
  random(seed, stream, 'labels')
    .permutation(count)
    .map((position) => position % classes);
