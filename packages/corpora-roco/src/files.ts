import { type CorpusInfo, type DataContext, type ExpectedFile, MedbenchError } from '@medbench/core';
import { type CaptionTableOptions, locate } from '@medbench/formats';

export type RocoSplit = 'train' | 'validation' | 'test';

/** The info that the corpus and the retrieval task share. */
export const ROCO = {
  licence: 'that of each article (licences.txt of the data set)',
  access: 'open',
  source: 'https://github.com/razorx89/roco-dataset (captions, and a script that fetches the figures)',
  citation: 'Pelka et al. 2018, doi:10.1007/978-3-030-01364-6_20',
} as const satisfies Partial<CorpusInfo>;

/** The expected files of the radiology part of one split, in the layout of ROCO's repository. */
export const rocoFiles = (split: RocoSplit): readonly [ExpectedFile, ExpectedFile] => [
  {
    path: [
      `roco/data/${split}/radiology/captions.txt`,
      `roco/${split}/radiology/captions.txt`,
      `roco/radiology${split}data.csv`,
      `roco/${split}/radiology/${split}data.csv`,
    ],
    what: 'the captions, "ROCO_00001<tab>caption", or the table "id,name,caption"',
  },
  {
    path: [`roco/data/${split}/radiology/images/`, `roco/${split}/radiology/images/`, 'roco/radiology/images/'],
    what: 'the figures, ROCO_00001.jpg',
  },
];

/** Table options for one split. @throws MedbenchError('data') naming the file or folder that is missing. */
export function rocoTable({ dataRoot }: DataContext, split: RocoSplit): Omit<CaptionTableOptions, 'skipBad' | 'skip'> {
  const [captions, figures] = rocoFiles(split);
  const table = locate(dataRoot, captions, ROCO.source);
  const imageDir = locate(dataRoot, figures, ROCO.source);
  if (table.endsWith('.csv')) return { table, imageColumn: 'name', captionColumn: 'caption', imageDir };
  return {
    table,
    header: ['id', 'caption'],
    imageColumn: 'id',
    captionColumn: 'caption',
    imageDir,
    toFileName: figureFile,
  };
}

function figureFile(id: string): string {
  if (/^ROCO_\d+$/.test(id)) return `${id}.jpg`;
  throw new MedbenchError('data', `captions.txt of ROCO names "${id.slice(0, 40)}", which is not a ROCO id`, {
    hint: 'Check that its lines are "ROCO_00001<tab>caption".',
  });
}
