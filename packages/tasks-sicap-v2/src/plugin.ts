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

/** Gleason patterns in prostate biopsies; training and test tiles are of different slides. */
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
  source: 'https://data.mendeley.com/datasets/9xxm58dvs3/1',
  files: [
    { path: 'sicap-v2/SICAPv2/partition/Test/Train.xlsx', what: 'grades of the training tiles' },
    { path: 'sicap-v2/SICAPv2/partition/Test/Test.xlsx', what: 'grades of the test tiles' },
    { path: 'sicap-v2/SICAPv2/images/', what: '12,081 tiles of 512 x 512' },
  ],
  settings: CLASSIFICATION_SETTINGS,
  caveats: ['two of five test tiles are of pattern 4: read balanced accuracy as well as accuracy'],
})
export class SicapV2 extends ImageTask {
  protected override async read(paths: readonly string[], context: DataContext): Promise<ClassificationSplits> {
    const [train, test, folder] = paths as [string, string, string];
    const images = await imagesBelow([folder]);
    const split = async (table: string) => {
      const rows = await readXlsx(table, { columns: ['image_name', ...GRADES] });
      return labelledImages(
        readRows(rows, context, (row, i) => {
          const location = `${table}: row ${i + 1}`;
          const name = String(row.image_name);
          return { file: findImage(images, name, location), label: highestGrade(row, location), ...slideGroup(name) };
        }),
      );
    };
    return { train: await split(train), test: await split(test) };
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

/** The slide as the group of a tile, from the tile's name: `16B0001851_Block_Region_1_0_1_xini_6803_yini_59786.jpg`. */
function slideGroup(name: string): { group?: string } {
  const [, group] = /^(.+?)_Block_/.exec(name) ?? [];
  return group === undefined ? {} : { group };
}
