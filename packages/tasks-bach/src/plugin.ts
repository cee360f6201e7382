import { type DataContext, Task } from '@medbench/core';
import {
  CLASSIFICATION,
  CLASSIFICATION_SETTINGS,
  type ClassificationSplits,
  ImageTask,
  imagesByClass,
  splitImages,
  studySplit,
  TEMPLATES,
} from '@medbench/task-kit';

/** Folder of each class, in label order, which is alphabetical. */
const CODES = ['Benign', 'InSitu', 'Invasive', 'Normal'];
const REMARK =
  "The study's code draws its quarter by the row of another copy (Hub 1aurent/BACH): the files are presumed to be in the order of class and name.";
const STUDY_SPLIT = {
  list: new URL('../assets/study-split.csv', import.meta.url),
  share: 0.25,
  groupNoun: 'image',
  remark: REMARK,
};
const PHOTOS = 'bach/ICIAR2018_BACH_Challenge/Photos';

/** Four kinds of breast tissue (ICIAR 2018 challenge, part A, the labelled images). */
@Task({
  id: 'bach',
  title: 'BACH',
  ...CLASSIFICATION,
  version: 1,
  modality: 'histopathology',
  classes: CODES,
  phrases: [
    'benign breast tissue',
    'ductal carcinoma in situ of the breast',
    'invasive breast carcinoma',
    'normal breast tissue',
  ],
  templates: TEMPLATES.histology,
  splits: { train: 300, val: 0, test: 100 },
  classCounts: { all: [100, 100, 100, 100] },
  licence: 'CC BY-NC-ND 4.0',
  access: 'open',
  citation: 'Aresta et al. 2019, doi:10.1016/j.media.2019.05.010',
  source: 'https://zenodo.org/records/3632035',
  files: CODES.map((code) => ({ path: `${PHOTOS}/${code}/`, what: `100 images of class ${code}` })),
  settings: {
    split: {
      default: 'paper-like',
      description: "paper-like: a stratified quarter of the images is held out; study: the study's own quarter",
      choices: ['paper-like', 'study'],
    },
    ...CLASSIFICATION_SETTINGS,
  },
  caveats: [
    'the labelled part has no published split and does not name patients: 25 % of the images are held out, image by image',
  ],
})
export class Bach extends ImageTask {
  protected override async read(folders: readonly string[], context: DataContext): Promise<ClassificationSplits> {
    const images = await imagesByClass(folders);
    if (context.settings.split === 'study') return studySplit(images, STUDY_SPLIT, context);
    const { train, test } = splitImages(images, 0.25, 'image', 'paper-like');
    return { train, test };
  }
}
