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
 * Writes `vindr-mammo` below `folder`: studies of four DICOM images, three of which show one finding and the last none,
 * and both tables of annotations. Some images have a row more: of the same finding, or of two findings at once.
 */
export async function writeVindrMammo(folder: string, { seed, size, counts }: PhantomManifest): Promise<void> {
  const place = join(folder, 'vindr-mammo');
  const idOf = (kind: string, at: number): string =>
    createHash('sha256')
      .update(JSON.stringify([seed, kind, at]))
      .digest('hex')
      .slice(0, 32);
  const findings: (string | number)[][] = [];
  const breasts: (string | number)[][] = [];
  const images: { path: string; label: number }[] = [];
  const { train, val, test } = counts.classes;
  for (const [split, wanted] of [
    ['training', train + val],
    ['test', test],
  ] as const) {
    // In random order: a probe must not do well by the place of a row.
    const labels = evenLabels(seed, `vindr-mammo/${split}`, wanted, FINDINGS.length);
    for (let found = 0; found < wanted || images.length % 4 !== 0; ) {
      const at = images.length;
      const shown = at % 4 !== 3 && found < wanted;
      const label = labels[found] ?? 0;
      const [image, study, series] = [idOf('image', at), idOf('study', at >> 2), idOf('series', at >> 2)];
      const rating = shown ? 'BI-RADS 4' : 'BI-RADS 1';
      const common = [...VIEWS[at % 4]!.split(','), size, size, rating, `DENSITY ${'ABCD'[at % 4]}`];
      breasts.push([study, series, image, ...common, split]);
      const row = (categories: readonly string[], box: readonly (number | string)[]): void => {
        const list = `[${categories.map((category) => `'${category}'`).join(', ')}]`;
        findings.push([image, study, series, ...common, list, box[0] === '' ? '' : rating, ...box, split]);
      };
      if (shown) {
        row([FINDINGS[label]!], [4, 5, size / 2, size / 2]);
        found++;
        if (at % 20 === 1 && found < wanted) row([FINDINGS[label]!], [size / 2, 5, size - 4, size / 2]);
        if (at % 20 === 6) row(['Mass', 'Skin Retraction'], [1, 1, size - 1, size - 1]);
      } else {
        row(['No Finding'], ['', '', '', '']);
      }
      images.push({ path: join(place, 'images', study, `${image}.dicom`), label: shown ? label : 0 });
    }
  }
  for (let at = 0; at < images.length; at += 4) await mkdir(join(images[at]!.path, '..'), { recursive: true });
  await writeImages(
    images.length,
    (index) => {
      const { path, label } = images[index]!;
      return { path, image: classCase(seed, 'vindr-mammo', index, label, LOOK).render(size) };
    },
    async (image, index) =>
      encodeDicom(image, { name: idOf('image', index), bits: BITS[index % 3]!, inverted: index % 2 === 1 }),
  );
  await writeFile(join(place, 'finding_annotations.csv'), csvText([FINDING_HEADER.split(','), ...findings]));
  await writeFile(join(place, 'breast-level_annotations.csv'), csvText([BREAST_HEADER.split(','), ...breasts]));
}
