import { type DataContext, Task } from '@medbench/core';
import { readCsv } from '@medbench/formats';
import {
  CLASSIFICATION,
  CLASSIFICATION_SETTINGS,
  type ClassificationSplits,
  findImage,
  findLabel,
  ImageTask,
  imagesBelow,
  readRows,
  SPLIT_SETTINGS,
  splitImages,
  studySplit,
  TEMPLATES,
} from '@medbench/task-kit';

/** Diagnosis codes (`dx`) in label order, which is alphabetical, as in DermaMNIST. */
const CODES = ['akiec', 'bcc', 'bkl', 'df', 'mel', 'nv', 'vasc'];

const STUDY_SPLIT = { list: new URL('../assets/study-split.csv', import.meta.url), share: 0.2, groupNoun: 'lesion' };

/** Seven kinds of pigmented skin lesion under the dermatoscope; several images may show one lesion. */
@Task({
  id: 'ham10000',
  title: 'HAM10000',
  ...CLASSIFICATION,
  version: 1,
  modality: 'dermatology',
  classes: CODES,
  phrases: [
    "actinic keratosis or Bowen's disease",
    'basal cell carcinoma',
    'benign keratosis-like lesion',
    'dermatofibroma',
    'melanoma',
    'melanocytic naevus',
    'vascular lesion',
  ],
  templates: TEMPLATES.dermoscopy,
  splits: { train: 8012, val: 0, test: 2003 },
  classCounts: { all: [327, 514, 1099, 115, 1113, 6705, 142] },
  licence: 'CC BY-NC 4.0',
  access: 'open',
  images: 'shown',
  citation: 'Tschandl et al. 2018, doi:10.1038/sdata.2018.161',
  source: 'https://doi.org/10.7910/DVN/DBW86T',
  files: [
    {
      path: ['ham10000/HAM10000_metadata.csv', 'ham10000/HAM10000_metadata.tab', 'ham10000/HAM10000_metadata'],
      what: 'diagnosis and lesion of each image',
    },
    { path: ['ham10000/HAM10000_images_part_1/', 'ham10000/skin_cancer/'], what: 'the first 5,000 of 10,015 images' },
    { path: ['ham10000/HAM10000_images_part_2/', 'ham10000/skin_cancer/'], what: 'the remaining 5,015 images' },
  ],
  settings: { ...SPLIT_SETTINGS, ...CLASSIFICATION_SETTINGS },
  caveats: [
    'the data set has no published split: 20 % of the images are held out',
    'two of three images are of melanocytic naevi: read balanced accuracy as well as accuracy',
    'the images are those of the task dermamnist: an average over both counts them twice',
  ],
})
export class Ham10000 extends ImageTask {
  protected override async read(paths: readonly string[], context: DataContext): Promise<ClassificationSplits> {
    const [table, ...folders] = paths as [string, ...string[]];
    const rows = await readCsv(table, { columns: ['lesion_id', 'image_id', 'dx'] });
    const images = await imagesBelow([...new Set(folders)]);
    const examples = readRows(rows, context, ({ lesion_id = '', image_id = '', dx = '' }, i) => {
      const location = `${table}: row ${i + 1}`;
      const label = findLabel(CODES, dx, location);
      return { file: findImage(images, `${image_id}.jpg`, location), label, group: lesion_id };
    });
    if (context.settings.split === 'study') return studySplit(examples, STUDY_SPLIT, context);
    return splitImages(examples, 0.2, 'lesion', context.settings.split);
  }
}
