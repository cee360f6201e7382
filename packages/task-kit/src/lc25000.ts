import type { TaskInfo } from '@medbench/core';
import { CLASSIFICATION, type ClassificationSplits } from './classification.js';
import { ImageTask, imagesByClass, splitImages } from './images.js';
import { CLASSIFICATION_SETTINGS, TEMPLATES } from './prompts.js';

/** Number of original images of each organ, and its classes in label order: folder, class name and prompt phrase. */
const ORGANS = {
  lung: {
    originals: 750,
    classes: [
      ['lung_n', 'benign', 'benign lung tissue'],
      ['lung_aca', 'adenocarcinoma', 'lung adenocarcinoma'],
      ['lung_scc', 'squamous cell carcinoma', 'lung squamous cell carcinoma'],
    ],
  },
  colon: {
    originals: 500,
    classes: [
      ['colon_n', 'benign', 'benign colon tissue'],
      ['colon_aca', 'adenocarcinoma', 'colon adenocarcinoma'],
    ],
  },
} as const;

/** The info of one half of LC25000, without id, title and splits. */
export function lc25000Info(organ: keyof typeof ORGANS) {
  const { originals, classes } = ORGANS[organ];
  return {
    ...CLASSIFICATION,
    version: 1,
    modality: 'histopathology',
    classes: classes.map(([, name]) => name),
    phrases: classes.map(([, , phrase]) => phrase),
    templates: TEMPLATES.histology,
    classCounts: { all: classes.map(() => 5000) },
    licence: 'free to use, no clear licence',
    access: 'open',
    citation: 'Borkowski et al. 2019, arXiv:1912.12142',
    source: 'https://github.com/tampapath/lung_colon_image_set',
    files: classes.map(([folder, , phrase]) => ({
      path: `lc25000/lung_colon_image_set/${organ}_image_sets/${folder}/`,
      what: `5,000 images of ${phrase}`,
    })),
    settings: CLASSIFICATION_SETTINGS,
    caveats: [
      `the images are rotated and flipped copies of ${originals} originals, and the data set does not say of which: copies of one original are in both the training and the test split, so the linear probe is near its ceiling`,
      'the data set has no published split: medbench holds out 20 % of the images, image by image',
    ],
  } as const satisfies Partial<TaskInfo>;
}

/** A task on one half of LC25000. Its info names one folder for each class. */
export abstract class Lc25000Task extends ImageTask {
  protected override async read(paths: readonly string[]): Promise<ClassificationSplits> {
    const { train, test } = splitImages(await imagesByClass(paths), 0.2, 'image', 'paper-like');
    return { train, test };
  }
}
