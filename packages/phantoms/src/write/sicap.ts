import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PhantomManifest } from '../manifest.js';
import { writeLabelled } from './labelled.js';
import { evenLabels } from './medmnist.js';
import { encodeXlsx } from './xlsx.js';

const GRADES = ['NC', 'G3', 'G4', 'G5'];
const HEADER = ['image_name', ...GRADES, 'G4C'];
/** Tiles per slide. */
const PER_SLIDE = 5;

/** Writes `sicap-v2/SICAPv2` below `folder`: JPEGs, and the partition into training and test slides as workbooks. */
export async function writeSicapV2(folder: string, manifest: PhantomManifest): Promise<void> {
  const { classes } = manifest.counts;
  const dir = join(folder, 'sicap-v2', 'SICAPv2');
  const partition = join(dir, 'partition', 'Test');
  await mkdir(partition, { recursive: true });
  let slides = 0;
  for (const [split, count] of [
    ['Train', classes.train + classes.val],
    ['Test', classes.test],
  ] as const) {
    // Labels are in random order, so that the row number tells a probe nothing.
    const labels = evenLabels(manifest.seed, `sicap-v2/${split}`, count, GRADES.length);
    const tiles = Array.from(labels, (label, i) => {
      const slide = slides + Math.floor(i / PER_SLIDE);
      const name = `16B${String(1000 + slide).padStart(7, '0')}_Block_Region_1_${i % PER_SLIDE}_0_xini_${512 * i}_yini_0.jpg`;
      const grades = GRADES.map((_, grade) => (grade === label ? 1 : 0));
      return { path: `images/${name}`, label, row: [name, ...grades, label === 2 && i % 8 === 2 ? 1 : 0] };
    });
    slides += Math.ceil(count / PER_SLIDE);
    const look = { modality: 'histopathology', classes: GRADES.length } as const;
    await writeLabelled(dir, manifest, `sicap-v2/${split}`, look, 'jpg', tiles);
    await writeFile(join(partition, `${split}.xlsx`), encodeXlsx([HEADER, ...tiles.map(({ row }) => row)]));
  }
}
