import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { CorpusInfo, DataContext } from '@medbench/core';
import { type CaptionTableOptions, locate } from '@medbench/formats';

/** The info that the corpus and the retrieval task share. */
export const QUILT = {
  licence: 'research only, under the agreement of Quilt-1M',
  access: 'agreement',
  source: 'https://quilt1m.github.io (request form; images of 512 pixels: zenodo.org/records/8239942, restricted)',
  citation: 'Ikezogwo et al. 2023, arXiv:2306.11207',
  files: [
    {
      path: ['quilt-1m/quilt_1M_lookup.csv', 'quilt-1m/quilt_1M_entries.csv'],
      what: 'a row for each pair, with caption, image_path, subset, split and other columns',
    },
    {
      path: [
        'quilt-1m/quilt_1m/',
        'quilt-1m/images_part_1/quilt_1m/',
        'quilt-1m/images/images_part_1/quilt_1m/',
        'quilt-1m/images/',
      ],
      what: 'the images, in one folder or in images_part_1/quilt_1m to images_part_5/quilt_1m',
    },
  ],
  settings: {
    subsets: {
      default: 'all',
      choices: ['all', 'openpath+quilt'],
      description: 'all four sources, or only the two that were made from histopathology data',
    },
  },
} as const satisfies Partial<CorpusInfo>;

/** Table options for one split or both. @throws MedbenchError('data') naming the file or folder that is missing. */
export function quiltTable(
  { dataRoot, settings }: DataContext,
  split: 'train' | 'val' | 'both',
): Omit<CaptionTableOptions, 'skipBad' | 'skip'> {
  const [table, images] = QUILT.files;
  const subsets = settings.subsets === 'openpath+quilt' ? ['openpath', 'quilt'] : undefined;
  return {
    table: locate(dataRoot, table, QUILT.source),
    imageColumn: 'image_path',
    captionColumn: 'caption',
    imageDir: imageFolders(locate(dataRoot, images, QUILT.source)),
    columns: ['split', 'subset'],
    keep: (row) =>
      (split === 'both' || row.split === split) && (subsets === undefined || subsets.includes(String(row.subset))),
  };
}

/** All parts of the images, if the folder is one of several into which the archives unpack. */
function imageFolders(folder: string): readonly string[] {
  const part = dirname(folder);
  if (!/images_part_\d+$/.test(part)) return [folder];
  return readdirSync(dirname(part))
    .filter((name) => /^images_part_\d+$/.test(name))
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    .map((name) => join(dirname(part), name, 'quilt_1m'))
    .filter((path) => existsSync(path));
}
