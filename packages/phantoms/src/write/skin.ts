import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { random } from '@medbench/core';
import type { PhantomManifest } from '../manifest.js';
import { countAll, csvText, writeLabelled } from './labelled.js';

const DX = ['akiec', 'bcc', 'bkl', 'df', 'mel', 'nv', 'vasc'];
const HAM_HEADER = ['lesion_id', 'image_id', 'dx', 'dx_type', 'age', 'sex', 'localization'];

/**
 * Writes `ham10000/HAM10000_metadata.csv` and two folders of JPEGs below `folder`. A lesion has one to three images.
 */
export async function writeHam10000(folder: string, manifest: PhantomManifest): Promise<void> {
  const count = countAll(manifest);
  const draw = random(manifest.seed, 'ham10000', 'table');
  const images: { path: string; label: number; row: string[] }[] = [];
  for (let lesion = 0; images.length < count; lesion++) {
    const label = lesion % DX.length;
    const imageCount = Math.min(draw.pick([1, 1, 2, 3]), count - images.length);
    const info = [
      draw.pick(['histo', 'follow_up', 'consensus', 'confocal']),
      draw.pick(['', '45.0', '60.0', '80.0']),
      draw.pick(['male', 'female', 'unknown']),
      draw.pick(['back', 'scalp', 'lower extremity', 'unknown']),
    ];
    for (let i = 0; i < imageCount; i++) {
      const index = images.length;
      const image = `ISIC_${String(24306 + index).padStart(7, '0')}`;
      const part = index < count / 2 ? 1 : 2;
      const row = [`HAM_${String(lesion).padStart(7, '0')}`, image, DX[label]!, ...info];
      images.push({ path: `HAM10000_images_part_${part}/${image}.jpg`, label, row });
    }
  }
  const look = { modality: 'dermatology', classes: DX.length } as const;
  await writeLabelled(join(folder, 'ham10000'), manifest, 'ham10000', look, 'jpg', images);
  const order = random(manifest.seed, 'ham10000', 'order').permutation(count);
  const rows = [HAM_HEADER, ...Array.from(order, (index) => images[index]!.row)];
  await writeFile(join(folder, 'ham10000', 'HAM10000_metadata.csv'), csvText(rows));
}

const DIAGNOSES = ['BCC', 'MEL', 'SCC', 'ACK', 'NEV', 'SEK'];
const PAD_HEADER = (
  'patient_id,lesion_id,smoke,drink,background_father,background_mother,age,pesticide,gender,' +
  'skin_cancer_history,cancer_history,has_piped_water,has_sewage_system,fitspatrick,region,diameter_1,diameter_2,' +
  'diagnostic,itch,grew,hurt,changed,bleed,elevation,img_id,biopsed'
).split(',');

/**
 * Writes `pad-ufes-20/metadata.csv`, with its 26 columns, and three folders of PNGs below `folder`. A patient has one
 * to three lesions, which may differ in kind. About half of the patients have no history in the table.
 */
export async function writePadUfes20(folder: string, manifest: PhantomManifest): Promise<void> {
  const count = countAll(manifest);
  const draw = random(manifest.seed, 'pad-ufes-20', 'table');
  const flag = (): string => draw.pick(['True', 'False', 'UNK']);
  const images: { path: string; label: number; row: string[] }[] = [];
  for (let patient = 1, lesion = 1; images.length < count; patient++) {
    const hasHistory = draw.pick([true, false]);
    const historyValue = (value: () => string): string => (hasHistory ? value() : '');
    const lesions = Math.min(draw.pick([1, 1, 2, 3]), count - images.length);
    const age = String(20 + draw.integer(70));
    const history: Record<string, string> = {
      patient_id: `PAT_${patient}`,
      background_father: historyValue(() => draw.pick(['POMERANIA', 'ITALY', 'BRAZIL'])),
      background_mother: historyValue(() => draw.pick(['POMERANIA', 'ITALY', 'BRAZIL'])),
      age,
      gender: historyValue(() => draw.pick(['FEMALE', 'MALE'])),
      fitspatrick: historyValue(() => draw.pick(['1.0', '2.0', '3.0'])),
    };
    for (const name of ['smoke', 'drink', 'pesticide', 'skin_cancer_history', 'cancer_history', 'has_piped_water']) {
      history[name] = historyValue(() => draw.pick(['True', 'False']));
    }
    history.has_sewage_system = historyValue(() => draw.pick(['True', 'False']));
    for (let i = 0; i < lesions; i++, lesion++) {
      const label = images.length % DIAGNOSES.length;
      const file = `PAT_${patient}_${lesion}_${draw.integer(1000)}.png`;
      const info: Record<string, string> = {
        ...history,
        lesion_id: String(lesion),
        region: draw.pick(['ARM', 'NECK', 'FACE', 'FOREARM']),
        diameter_1: historyValue(() => `${2 + draw.integer(15)}.0`),
        diameter_2: historyValue(() => `${2 + draw.integer(15)}.0`),
        diagnostic: DIAGNOSES[label]!,
        img_id: file,
        biopsed: draw.pick(['True', 'False']),
      };
      for (const name of ['itch', 'grew', 'hurt', 'changed', 'bleed', 'elevation']) info[name] = flag();
      const part = 1 + Math.floor((3 * images.length) / count);
      const row = PAD_HEADER.map((name) => info[name] ?? '');
      images.push({ path: `images/imgs_part_${part}/${file}`, label, row });
    }
  }
  const look = { modality: 'dermatology', classes: DIAGNOSES.length } as const;
  await writeLabelled(join(folder, 'pad-ufes-20'), manifest, 'pad-ufes-20', look, 'png', images);
  const rows = [PAD_HEADER, ...images.map(({ row }) => row)];
  await writeFile(join(folder, 'pad-ufes-20', 'metadata.csv'), csvText(rows));
}
