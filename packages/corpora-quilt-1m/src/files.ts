import type { CorpusInfo, DataContext } from '@medbench/core';
import { type CaptionTableOptions, locate } from '@medbench/formats';

/** What the corpus and the retrieval task have in common. */
export const QUILT = {
  licence: 'research only, under the agreement of Quilt-1M',
  access: 'agreement',
  source: 'https://quilt1m.github.io (request form; images of 512 pixels: zenodo.org/records/8239942, restricted)',
  citation: 'Ikezogwo et al. 2023, arXiv:2306.11207',
  files: [
    {
      path: ['quilt-1m/quilt_1M_lookup.csv', 'quilt-1m/quilt_1M_entries.csv'],
      what: 'a row for each pair: caption, image_path, subset, split and others',
    },
    { path: ['quilt-1m/quilt_1m/', 'quilt-1m/images/'], what: 'the images' },
  ],
  settings: {
    subsets: {
      default: 'all',
      choices: ['all', 'openpath+quilt'],
      description: 'all four sources, or those two that are histopathology by their making',
    },
  },
} as const satisfies Partial<CorpusInfo>;

/** The rows of one split (`train` or `val`), or of both. @throws MedbenchError('data') naming what is not there. */
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
    imageDir: locate(dataRoot, images, QUILT.source),
    columns: ['split', 'subset'],
    keep: (row) =>
      (split === 'both' || row.split === split) && (subsets === undefined || subsets.includes(String(row.subset))),
  };
}
