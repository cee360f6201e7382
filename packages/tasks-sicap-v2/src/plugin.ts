import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type DataContext, MedbenchError, Task } from '@medbench/core';
import { readXlsx } from '@medbench/formats';
import {
  CLASSIFICATION,
  CLASSIFICATION_SETTINGS,
  type ClassificationSplits,
  findImage,
  ImageTask,
  imagesBelow,
  labelledImages,
  readRows,
  TEMPLATES,
} from '@medbench/task-kit';

/** Columns of the partition in label order: no cancer, then Gleason patterns 3 to 5. */
const GRADES = ['NC', 'G3', 'G4', 'G5'];

/** The table of slides and patients, beside the folder of the tiles. It may be absent. */
const SLIDES = 'wsi_labels.xlsx';

/** Gleason patterns in prostate biopsies; training and test tiles are of different patients. */
@Task({
  id: 'sicap-v2',
  title: 'SICAPv2',
  ...CLASSIFICATION,
  version: 1,
  modality: 'histopathology',
  classes: GRADES,
  phrases: [
    'benign prostate glands',
    'prostate cancer, Gleason pattern 3, separate small glands',
    'prostate cancer, Gleason pattern 4, fused or cribriform glands',
    'prostate cancer, Gleason pattern 5, single cells and cords without lumen',
  ],
  templates: TEMPLATES.histology,
  splits: { train: 9959, val: 0, test: 2122 },
  classCounts: { test: [644, 393, 853, 232] },
  licence: 'CC BY 4.0',
  access: 'open',
  images: 'shown',
  citation: 'Silva-Rodríguez et al. 2020, doi:10.1016/j.cmpb.2020.105637',
  source: 'https://data.mendeley.com/datasets/9xxm58dvs3/2',
  files: [
    { path: 'sicap-v2/SICAPv2/partition/Test/Train.xlsx', what: 'grades of the training tiles' },
    { path: 'sicap-v2/SICAPv2/partition/Test/Test.xlsx', what: 'grades of the test tiles' },
    { path: 'sicap-v2/SICAPv2/images/', what: '18,783 tiles of 512 x 512, of which the tables name 12,081' },
  ],
  settings: CLASSIFICATION_SETTINGS,
  caveats: ['two of five test tiles are of pattern 4: read balanced accuracy as well as accuracy'],
})
export class SicapV2 extends ImageTask {
  protected override async files(context: DataContext): Promise<readonly string[]> {
    const [folder] = await this.imageFolders(context);
    const slides = join(folder!, '..', SLIDES);
    return [...(await super.files(context)), ...(existsSync(slides) ? [slides] : [])];
  }

  protected override async read(paths: readonly string[], context: DataContext): Promise<ClassificationSplits> {
    const [train, test, folder] = paths as [string, string, string];
    const images = await imagesBelow([folder]);
    const patients = await readPatients(join(folder, '..', SLIDES));
    const split = async (table: string) => {
      const rows = await readXlsx(table, { columns: ['image_name', ...GRADES] });
      return labelledImages(
        readRows(rows, context, (row, i) => {
          const location = `${table}: row ${i + 1}`;
          const name = String(row.image_name);
          const file = findImage(images, name, location);
          return { file, label: highestGrade(row, location), ...groupOf(name, patients) };
        }),
      );
    };
    const notes = patients
      ? []
      : [`tiles are grouped by slide, although a patient may have several: ${SLIDES} is absent`];
    return { train: await split(train), test: await split(test), notes };
  }
}

/** The label of the grade with the highest mark, the first on a tie, as in the data set's own code. */
function highestGrade(row: Readonly<Record<string, unknown>>, location: string): number {
  const marks = GRADES.map((grade) => Number(row[grade]));
  const highest = Math.max(...marks);
  if (highest > 0) return marks.indexOf(highest);
  throw new MedbenchError('data', `${location} marks none of ${GRADES.join(', ')}`, {
    hint: 'Check that this is a table of SICAPv2, or remove the row.',
  });
}

/** The patient of each slide; undefined if there is no such table. */
async function readPatients(table: string): Promise<ReadonlyMap<string, string> | undefined> {
  if (!existsSync(table)) return undefined;
  const rows = await readXlsx(table, { columns: ['slide_id', 'patient_id'] });
  return new Map(rows.map(({ slide_id, patient_id }) => [String(slide_id), `patient ${patient_id}`]));
}

/**
 * The patient as the group of a tile, or the slide if its patient is not known. The slide is part of the tile's name:
 * `16B0001851_Block_Region_1_0_1_xini_6803_yini_59786.jpg`.
 */
function groupOf(name: string, patients: ReadonlyMap<string, string> | undefined): { group?: string } {
  const [, slide] = /^(.+?)_Block_/.exec(name) ?? [];
  return slide === undefined ? {} : { group: patients?.get(slide) ?? slide };
}
