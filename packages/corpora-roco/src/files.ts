import { existsSync, opendirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type CorpusInfo, type DataContext, type ExpectedFile, MedbenchError } from '@medbench/core';
import { type CaptionTableOptions, locate } from '@medbench/formats';

export type RocoSplit = 'train' | 'validation' | 'test';

/** The info that the corpus and the retrieval task share. */
export const ROCO = {
  licence: 'that of each article (licences.txt of the data set)',
  access: 'open',
  source:
    'https://github.com/razorx89/roco-dataset (captions, and a script that fetches the figures; the Kaggle copy is read too)',
  citation: 'Pelka et al. 2018, doi:10.1007/978-3-030-01364-6_20',
} as const satisfies Partial<CorpusInfo>;

/** Folders that hold the splits: the repository's layout, the Kaggle copy's, and either without its upper folder. */
const BASES = ['roco/data', 'roco/all_data', 'roco'];

/** Names of a split in the tables of the Kaggle copy. */
const TABLE_NAMES = { train: ['train'], validation: ['val', 'validation'], test: ['test'] } as const;

/** Paths of the table "id,name,caption" of the Kaggle copy below one of the bases. */
const csvPaths = (base: string, split: RocoSplit): string[] =>
  TABLE_NAMES[split].flatMap((name) => [
    `${base}/${split}/radiology/${name}data.csv`,
    `${base}/${split}/radiology${name}data.csv`,
    `${base}/radiology${name}data.csv`,
  ]);

/**
 * The expected files of the radiology part of one split, in the layout of ROCO's repository or of the Kaggle copy, whose
 * images have the names of the articles' figures.
 */
export const rocoFiles = (split: RocoSplit): readonly [ExpectedFile, ExpectedFile] => [
  {
    path: BASES.flatMap((base) => [`${base}/${split}/radiology/captions.txt`, ...csvPaths(base, split)]),
    what: 'the captions, "ROCO_00001<tab>caption", or the table "id,name,caption"',
  },
  {
    path: [...BASES.map((base) => `${base}/${split}/radiology/images/`), 'roco/radiology/images/'],
    what: 'the figures, ROCO_00001.jpg or under the names of the table',
  },
];

/**
 * Table options for one split. If the images do not have ROCO's ids as names, their names come from the table "id,name,
 * caption", or from licences.txt beside the captions.
 * @throws MedbenchError('data') naming the file or folder that is missing.
 */
export function rocoTable({ dataRoot }: DataContext, split: RocoSplit): Omit<CaptionTableOptions, 'skipBad' | 'skip'> {
  const [captions, figures] = rocoFiles(split);
  const table = locate(dataRoot, captions, ROCO.source);
  const imageDir = locate(dataRoot, figures, ROCO.source);
  const withNames = (csv: string) => ({ table: csv, imageColumn: 'name', captionColumn: 'caption', imageDir });
  if (table.endsWith('.csv')) return withNames(table);
  const withIds = (toFileName: (id: string) => string) => ({
    ...{ table, header: ['id', 'caption'], imageColumn: 'id', captionColumn: 'caption', imageDir },
    toFileName,
  });
  if (namedById(imageDir)) return withIds(figureFile);
  const csv = BASES.flatMap((base) => csvPaths(base, split))
    .map((path) => join(dataRoot, path))
    .find((path) => existsSync(path));
  if (csv !== undefined) return withNames(csv);
  const licences = join(dirname(table), 'licences.txt');
  return withIds(existsSync(licences) ? figureNames(licences) : figureFile);
}

/** Entries of the folder of images that are looked at. */
const LOOKED_AT = 1000;

/** Whether the images have ids as names. An empty folder is taken for one of the repository's layout. */
function namedById(imageDir: string): boolean {
  const folder = opendirSync(imageDir);
  let others = 0;
  try {
    for (let entry = folder.readSync(); entry && others < LOOKED_AT; entry = folder.readSync()) {
      if (ID.test(entry.name.replace(/\.jpg$/, ''))) return true;
      if (/\.(jpe?g|png)$/i.test(entry.name) && !entry.name.startsWith('.')) others++;
    }
  } finally {
    folder.closeSync();
  }
  return others === 0;
}

const ID = /^ROCO_\d+$/;

/** Returns a function that gives an image's name by the lines "ROCO_ID,PMC_ID,CC" of licences.txt. */
function figureNames(licences: string): (id: string) => string {
  const names = new Map<string, string>();
  for (const line of readFileSync(licences, 'utf8').split(/\r?\n/)) {
    const [, id, name] = /^(ROCO_\d+),(.+),[^,]*$/.exec(line) ?? [];
    if (id !== undefined && name !== undefined) names.set(id, name);
  }
  return (id) => {
    const name = names.get(id);
    if (name !== undefined) return name;
    throw new MedbenchError('data', `${licences} does not name the figure of ${id.slice(0, 40)}`, {
      hint: 'Fetch licences.txt again, or leave such rows out with --skip-bad.',
    });
  };
}

function figureFile(id: string): string {
  if (ID.test(id)) return `${id}.jpg`;
  throw new MedbenchError('data', `captions.txt of ROCO names "${id.slice(0, 40)}", which is not a ROCO id`, {
    hint: 'Check that its lines are "ROCO_00001<tab>caption".',
  });
}
