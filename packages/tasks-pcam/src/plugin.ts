import { join } from 'node:path';
import { type DataContext, MedbenchError, Task } from '@medbench/core';
import type { LabelledImages } from '@medbench/evaluation';
import { openHdf5 } from '@medbench/formats';
import {
  CLASSIFICATION,
  CLASSIFICATION_SETTINGS,
  type ClassificationSplits,
  ImageTask,
  TEMPLATES,
} from '@medbench/task-kit';

/** Name of each split in the file names, and its number of images. */
const SPLITS = [
  ['train', '262,144'],
  ['valid', '32,768'],
  ['test', '32,768'],
] as const;

const expectedFile = (split: string, part: 'x' | 'y', what: string) => {
  const file = `pcam/camelyonpatch_level_2_split_${split}_${part}.h5`;
  return { path: [file, `${file}.gz`], what };
};

/** Whether the centre of a patch of a lymph node section shows metastatic cancer. */
@Task({
  id: 'pcam',
  title: 'PatchCamelyon',
  ...CLASSIFICATION,
  version: 1,
  modality: 'histopathology',
  classes: ['no tumour', 'tumour'],
  phrases: ['lymph node tissue without tumour', 'lymph node tissue with metastatic breast cancer'],
  templates: TEMPLATES.histology,
  splits: { train: 262144, val: 32768, test: 32768 },
  licence: 'CC0 1.0',
  access: 'open',
  images: 'shown',
  citation: 'Veeling et al. 2018, arXiv:1806.03962',
  source: 'https://github.com/basveeling/pcam (files: https://zenodo.org/records/2546921)',
  files: SPLITS.flatMap(([split, count]) => [
    expectedFile(split, 'x', `${count} images of 96 x 96`),
    expectedFile(split, 'y', 'their labels'),
  ]),
  settings: CLASSIFICATION_SETTINGS,
  caveats: ['a label describes only the central 32 x 32 pixels; cancer outside them does not count'],
})
export class Pcam extends ImageTask {
  protected override async read(paths: readonly string[], { cacheRoot }: DataContext): Promise<ClassificationSplits> {
    const cacheFolder = join(cacheRoot, 'unpacked');
    const opened = await Promise.all(SPLITS.map((_, i) => labelled(paths[2 * i]!, paths[2 * i + 1]!, cacheFolder)));
    const [train, val, test] = opened as [LabelledImages, LabelledImages, LabelledImages];
    return { train, val, test };
  }
}

/** The images and labels of one split: `x` [N, H, W, 3] and `y` [N, 1, 1, 1]. An image is read when it is needed. */
async function labelled(imageFile: string, labelFile: string, cacheFolder: string): Promise<LabelledImages> {
  const x = await openHdf5(imageFile, 'x', { cacheFolder });
  const y = await openHdf5(labelFile, 'y', { cacheFolder });
  const [count = 0, height = 0, width = 0, channels = 0] = x.shape;
  if (x.shape.length !== 4 || channels !== 3 || y.shape[0] !== count) {
    throw new MedbenchError(
      'data',
      `${imageFile} has x of shape [${x.shape.join(', ')}], ${labelFile} y of [${y.shape.join(', ')}]; expected [N, H, W, 3] and [N, 1, 1, 1]`,
      { hint: 'Check that both files are from the same split of PCam.' },
    );
  }
  const labels = Int32Array.from(await y.rows(0, count), Number);
  const wrong = labels.findIndex((label) => label !== 0 && label !== 1);
  if (wrong >= 0)
    throw new MedbenchError('data', `${labelFile}: row ${wrong + 1} of y is ${labels[wrong]}, neither 0 nor 1`);
  return {
    labels,
    images: { length: count, get: async (i) => ({ width, height, channels: 3, data: await x.rows(i, 1) }) },
  };
}
