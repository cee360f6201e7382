import { join } from 'node:path';
import { type DataContext, Task } from '@medbench/core';
import {
  CLASSIFICATION,
  CLASSIFICATION_SETTINGS,
  type ClassificationSplits,
  ImageTask,
  imagesByClass,
  labelledImages,
  TEMPLATES,
} from '@medbench/task-kit';

/** Folder and prompt phrase of each class, in label order, which is alphabetical. */
const TISSUES: readonly (readonly [code: string, phrase: string])[] = [
  ['ADI', 'adipose tissue'],
  ['BACK', 'empty background'],
  ['DEB', 'cellular debris'],
  ['LYM', 'lymphocytes'],
  ['MUC', 'mucus'],
  ['MUS', 'smooth muscle'],
  ['NORM', 'normal colon mucosa'],
  ['STR', 'cancer-associated stroma'],
  ['TUM', 'colorectal adenocarcinoma epithelium'],
];
const listClasses = (tissues: typeof TISSUES) => ({
  classes: tissues.map(([code]) => code),
  phrases: tissues.map(([, phrase]) => phrase),
});
const WITHOUT_BACKGROUND = TISSUES.filter(([code]) => code !== 'BACK');

/** Eight kinds of tissue in colorectal cancer slides; the ninth, background, is left out as in the study. */
@Task({
  id: 'nct-crc',
  title: 'NCT-CRC-HE',
  ...CLASSIFICATION,
  version: 1,
  modality: 'histopathology',
  ...listClasses(WITHOUT_BACKGROUND),
  templates: TEMPLATES.histology,
  splits: { train: 89434, val: 0, test: 6333 },
  classCounts: {
    train: [10407, 11512, 11557, 8896, 13536, 8763, 10446, 14317],
    test: [1338, 339, 634, 1035, 592, 741, 421, 1233],
  },
  licence: 'CC BY 4.0',
  access: 'open',
  images: 'shown',
  citation: 'Kather et al. 2018, doi:10.5281/zenodo.1214456; Kather et al. 2019, doi:10.1371/journal.pmed.1002730',
  source: 'https://zenodo.org/records/1214456',
  files: [
    { path: 'nct-crc/NCT-CRC-HE-100K/', what: '100,000 training images in a folder for each class' },
    { path: 'nct-crc/CRC-VAL-HE-7K/', what: '7,180 test images in a folder for each class' },
  ],
  settings: {
    background: {
      default: 'drop',
      description: 'drop: leave out images without tissue (BACK), as in the study; keep: make them the ninth class',
      choices: ['drop', 'keep'],
    },
    ...CLASSIFICATION_SETTINGS,
  },
  caveats: ['the images are those of the task pathmnist: an average over both counts them twice'],
})
export class NctCrc extends ImageTask {
  protected override async read(paths: readonly string[], context: DataContext): Promise<ClassificationSplits> {
    const [train, test] = paths as [string, string];
    const tissues = context.settings.background === 'keep' ? TISSUES : WITHOUT_BACKGROUND;
    const split = async (folder: string) =>
      labelledImages(await imagesByClass(tissues.map(([code]) => join(folder, code))));
    return { train: await split(train), test: await split(test), classes: listClasses(tissues) };
  }
}
