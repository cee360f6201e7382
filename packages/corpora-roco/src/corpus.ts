import { Corpus, type DataContext } from '@medbench/core';
import { CaptionCorpus } from '@medbench/corpus-kit';
import type { CaptionTableOptions } from '@medbench/formats';
import { ROCO, rocoFiles, rocoTable } from './files.js';

/** Radiology figures of open-access papers with captions. Figures of other kinds are left out, as in the study. */
@Corpus({
  ...ROCO,
  id: 'roco',
  title: 'ROCO (radiology)',
  domain: 'medical',
  pairs: { train: 65_448 },
  files: rocoFiles('train'),
})
export class Roco extends CaptionCorpus {
  protected override table(context: DataContext): Omit<CaptionTableOptions, 'skipBad' | 'skip'> {
    return rocoTable(context, 'train');
  }
}
