import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { classCase } from '../classes.js';
import type { PhantomManifest } from '../manifest.js';
import { writeHdf5 } from './hdf5.js';
import { evenLabels } from './medmnist.js';

const pack = promisify(gzip);
const SIDE = 96;
const LOOK = { modality: 'histopathology', classes: 2, focal: true } as const;

/**
 * Writes `pcam/camelyonpatch_level_2_split_{train,valid,test}_{x,y}.h5.gz` below `folder`: HDF5 files, each compressed
 * by gzip as a whole, with `x` [N, 96, 96, 3] and `y` [N, 1, 1, 1], both u1.
 */
export async function writePcam(folder: string, { seed, counts: { classes } }: PhantomManifest): Promise<void> {
  const dir = join(folder, 'pcam');
  await mkdir(dir, { recursive: true });
  for (const [split, count] of [
    ['train', classes.train],
    ['valid', classes.val],
    ['test', classes.test],
  ] as const) {
    const stream = `pcam/${split}`;
    const labels = Uint8Array.from(evenLabels(seed, stream, count, LOOK.classes));
    const pixels = new Uint8Array(count * SIDE * SIDE * 3);
    for (let i = 0; i < count; i++) {
      pixels.set(classCase(seed, stream, i, labels[i]!, LOOK).render(SIDE).data, i * SIDE * SIDE * 3);
    }
    const prefix = join(dir, `camelyonpatch_level_2_split_${split}`);
    await writePacked(`${prefix}_x.h5`, { name: 'x', shape: [count, SIDE, SIDE, 3], data: pixels });
    await writePacked(`${prefix}_y.h5`, { name: 'y', shape: [count, 1, 1, 1], data: labels });
  }
}

async function writePacked(path: string, array: Parameters<typeof writeHdf5>[1][number]): Promise<void> {
  await writeHdf5(path, [array]);
  await writeFile(`${path}.gz`, await pack(await readFile(path), { level: 1 }));
  await rm(path);
}
