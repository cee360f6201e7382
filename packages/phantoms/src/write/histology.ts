import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PhantomManifest } from '../manifest.js';
import { countAll, csvText, type PlannedImage, writeLabelled } from './labelled.js';

const BACH = [
  ['Benign', 'b'],
  ['InSitu', 'is'],
  ['Invasive', 'iv'],
  ['Normal', 'n'],
] as const;

/** Writes `bach/ICIAR2018_BACH_Challenge/Photos` below `folder`: a folder of TIFFs per class, and a headless table. */
export async function writeBach(folder: string, manifest: PhantomManifest): Promise<void> {
  const photos = join(folder, 'bach', 'ICIAR2018_BACH_Challenge', 'Photos');
  const images = Array.from({ length: countAll(manifest) }, (_, i) => {
    const label = i % BACH.length;
    const [name, prefix] = BACH[label]!;
    const file = `${prefix}${String(Math.floor(i / BACH.length) + 1).padStart(3, '0')}.tif`;
    return { path: `${name}/${file}`, label, row: [file, name] };
  });
  await mkdir(photos, { recursive: true });
  await writeLabelled(photos, manifest, 'bach', { modality: 'histopathology', classes: BACH.length }, 'tif', images);
  const rows = images.map(({ row }) => row).sort(([a], [b]) => (a! < b! ? -1 : 1));
  await writeFile(join(photos, 'microscopy_ground_truth.csv'), csvText(rows));
}

const LC25000 = {
  lung: [
    ['lung_n', 'lungn'],
    ['lung_aca', 'lungaca'],
    ['lung_scc', 'lungscc'],
  ],
  // As in the real data set, the folder is colon_aca, but its files are named colonca.
  colon: [
    ['colon_n', 'colonn'],
    ['colon_aca', 'colonca'],
  ],
} as const;

/** Writes `lc25000/lung_colon_image_set` below `folder`: a folder of JPEGs for each class of both organs. */
export async function writeLc25000(folder: string, manifest: PhantomManifest): Promise<void> {
  for (const [organ, classes] of Object.entries(LC25000)) {
    const images = Array.from({ length: countAll(manifest) }, (_, i): PlannedImage => {
      const label = i % classes.length;
      const [name, prefix] = classes[label]!;
      return { path: `${name}/${prefix}${Math.floor(i / classes.length) + 1}.jpeg`, label };
    });
    const dir = join(folder, 'lc25000', 'lung_colon_image_set', `${organ}_image_sets`);
    const look = { modality: 'histopathology', classes: classes.length } as const;
    await writeLabelled(dir, manifest, `lc25000-${organ}`, look, 'jpg', images);
  }
}

const TISSUES = ['ADI', 'BACK', 'DEB', 'LYM', 'MUC', 'MUS', 'NORM', 'STR', 'TUM'];

/** Writes `nct-crc/NCT-CRC-HE-100K` and `nct-crc/CRC-VAL-HE-7K` below `folder`: a folder of TIFFs for each class. */
export async function writeNctCrc(folder: string, manifest: PhantomManifest): Promise<void> {
  const { counts } = manifest;
  for (const [name, count, infix] of [
    ['NCT-CRC-HE-100K', counts.classes.train + counts.classes.val, ''],
    ['CRC-VAL-HE-7K', counts.classes.test, 'TCGA-'],
  ] as const) {
    const images = Array.from({ length: count }, (_, i): PlannedImage => {
      const label = i % TISSUES.length;
      const code = TISSUES[label]!;
      return { path: `${code}/${code}-${infix}${letters(i)}.tif`, label };
    });
    const look = { modality: 'histopathology', classes: TISSUES.length } as const;
    await writeLabelled(join(folder, 'nct-crc', name), manifest, name, look, 'tif', images);
  }
}

/** Eight capital letters, different for each index below 26^8 (48271 has no factor in common with 26). */
function letters(index: number): string {
  let rest = ((index + 1) * 48271) % 26 ** 8;
  let text = '';
  for (let i = 0; i < 8; i++, rest = Math.floor(rest / 26)) text = String.fromCharCode(65 + (rest % 26)) + text;
  return text;
}
