import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { classCase } from '../classes.js';
import type { PhantomManifest } from '../manifest.js';
import { encodeDicom } from './dicom.js';
import { writeImages } from './images.js';
import { csvText } from './labelled.js';
import { evenLabels } from './medmnist.js';

const FINDINGS = [
  'Mass',
  'Suspicious Calcification',
  'Asymmetry',
  'Focal Asymmetry',
  'Global Asymmetry',
  'Architectural Distortion',
  'Skin Thickening',
  'Skin Retraction',
  'Nipple Retraction',
  'Suspicious Lymph Node',
];
const LOOK = { modality: 'radiology', classes: FINDINGS.length } as const;
const VIEWS = ['L,CC', 'L,MLO', 'R,CC', 'R,MLO'];
const BITS = [12, 14, 16];
const COMMON = 'laterality,view_position,height,width,breast_birads,breast_density';
const FINDING_HEADER = `image_id,study_id,series_id,${COMMON},finding_categories,finding_birads,xmin,ymin,xmax,ymax,split`;
const BREAST_HEADER = `study_id,series_id,image_id,${COMMON},split`;

/**
 * Writes `vindr-mammo` below `folder`: studies of four DICOM images, and both tables of annotations. The first three
 * images of a study show one finding each, the last shows none. Some images have a further row with the same finding or
 * with two findings at once.
 */
export async function writeVindrMammo(folder: string, { seed, size, counts }: PhantomManifest): Promise<void> {
  const dir = join(folder, 'vindr-mammo');
  const makeId = (kind: string, index: number): string =>
    createHash('sha256')
      .update(JSON.stringify([seed, kind, index]))
      .digest('hex')
      .slice(0, 32);
  const findings: (string | number)[][] = [];
  const breasts: (string | number)[][] = [];
  const images: { path: string; label: number }[] = [];
  const { train, val, test } = counts.classes;
  for (const [split, total] of [
    ['training', train + val],
    ['test', test],
  ] as const) {
    // Labels are in random order, so that the row number tells a probe nothing.
    const labels = evenLabels(seed, `vindr-mammo/${split}`, total, FINDINGS.length);
    for (let written = 0; written < total || images.length % 4 !== 0; ) {
      const index = images.length;
      const hasFinding = index % 4 !== 3 && written < total;
      const label = labels[written] ?? 0;
      const [image, study, series] = [
        makeId('image', index),
        makeId('study', index >> 2),
        makeId('series', index >> 2),
      ];
      const rating = hasFinding ? 'BI-RADS 4' : 'BI-RADS 1';
      const common = [...VIEWS[index % 4]!.split(','), size, size, rating, `DENSITY ${'ABCD'[index % 4]}`];
      breasts.push([study, series, image, ...common, split]);
      const row = (categories: readonly string[], box: readonly (number | string)[]): void => {
        const list = `[${categories.map((category) => `'${category}'`).join(', ')}]`;
        findings.push([image, study, series, ...common, list, box[0] === '' ? '' : rating, ...box, split]);
      };
      if (hasFinding) {
        row([FINDINGS[label]!], [4, 5, size / 2, size / 2]);
        written++;
        if (index % 20 === 1 && written < total) row([FINDINGS[label]!], [size / 2, 5, size - 4, size / 2]);
        if (index % 20 === 6) row(['Mass', 'Skin Retraction'], [1, 1, size - 1, size - 1]);
      } else {
        row(['No Finding'], ['', '', '', '']);
      }
      images.push({ path: join(dir, 'images', study, `${image}.dicom`), label: hasFinding ? label : 0 });
    }
  }
  for (let index = 0; index < images.length; index += 4)
    await mkdir(join(images[index]!.path, '..'), { recursive: true });
  await writeImages(
    images.length,
    (index) => {
      const { path, label } = images[index]!;
      return { path, image: classCase(seed, 'vindr-mammo', index, label, LOOK).render(size) };
    },
    async (image, index) =>
      encodeDicom(image, { name: makeId('image', index), bits: BITS[index % 3]!, inverted: index % 2 === 1 }),
  );
  await writeFile(join(dir, 'finding_annotations.csv'), csvText([FINDING_HEADER.split(','), ...findings]));
  await writeFile(join(dir, 'breast-level_annotations.csv'), csvText([BREAST_HEADER.split(','), ...breasts]));
}
