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
} from '@medbench/task-kit';

/** Diagnosis codes (`diagnostic`) in the study's label order. */
const CODES = ['BCC', 'MEL', 'SCC', 'ACK', 'NEV', 'SEK'];

const STUDY_SPLIT = { list: new URL('../assets/study-split.csv', import.meta.url), share: 0.2, groupNoun: 'patient' };

/** Six kinds of skin lesion in smartphone images; several images may be of one patient. */
@Task({
  id: 'pad-ufes-20',
  title: 'PAD-UFES-20',
  ...CLASSIFICATION,
  version: 1,
  modality: 'dermatology',
  classes: CODES,
  phrases: [
    'basal cell carcinoma',
    'melanoma',
    'squamous cell carcinoma',
    'actinic keratosis',
    'melanocytic naevus',
    'seborrhoeic keratosis',
  ],
  templates: [
    'clinical smartphone photo of {}.',
    'skin lesion seen with the naked eye, {}.',
    "a patient's skin with {}.",
    'dermatology clinic picture: {}.',
  ],
  splits: { train: 1838, val: 0, test: 460 },
  classCounts: { all: [845, 52, 192, 730, 244, 235] },
  licence: 'CC BY 4.0',
  access: 'open',
  images: 'shown',
  citation: 'Pacheco et al. 2020, doi:10.1016/j.dib.2020.106221',
  source: 'https://data.mendeley.com/datasets/zr7vgbcyr2/1',
  files: [
    { path: 'pad-ufes-20/metadata.csv', what: 'diagnosis and patient of each image' },
    { path: ['pad-ufes-20/images/', 'pad-ufes-20/Dataset/'], what: '2,298 images: those of all three parts' },
  ],
  settings: { ...SPLIT_SETTINGS, ...CLASSIFICATION_SETTINGS },
  caveats: [
    'the data set has no published split: 20 % of the images are held out',
    'melanoma has 52 images of 2,298: read balanced accuracy as well as accuracy',
  ],
})
export class PadUfes20 extends ImageTask {
  protected override async read(paths: readonly string[], context: DataContext): Promise<ClassificationSplits> {
    const [table, folder] = paths as [string, string];
    const rows = await readCsv(table, { columns: ['patient_id', 'diagnostic', 'img_id'] });
    const images = await imagesBelow([folder]);
    const examples = readRows(rows, context, ({ patient_id = '', diagnostic = '', img_id = '' }, i) => {
      const location = `${table}: row ${i + 1}`;
      return {
        file: findImage(images, img_id, location),
        label: findLabel(CODES, diagnostic, location),
        group: patient_id,
      };
    });
    if (context.settings.split === 'study') return studySplit(examples, STUDY_SPLIT, context);
    return splitImages(examples, 0.2, 'patient', context.settings.split);
  }
}
