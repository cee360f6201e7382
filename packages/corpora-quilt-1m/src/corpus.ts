import { Corpus, type DataContext } from '@medbench/core';
import { CaptionCorpus } from '@medbench/corpus-kit';
import type { CaptionTableOptions } from '@medbench/formats';
import { QUILT, quiltTable } from './files.js';

/** Histopathology images from videos and the web with captions. An image may have several captions. */
@Corpus({
  ...QUILT,
  id: 'quilt-1m',
  title: 'Quilt-1M',
  domain: 'medical',
  // The table's 1,017,708 rows hold both splits.
  pairs: { all: 1_017_708 },
  settings: {
    ...QUILT.settings,
    rows: {
      default: 'train',
      choices: ['train', 'all'],
      description:
        'rows to train on; "all" includes the test pairs of the retrieval task, which spoils that task; the study most likely trained on "train": its logs count 13,555 pairs fewer than the table has',
    },
  },
})
export class Quilt1M extends CaptionCorpus {
  protected override table(context: DataContext): Omit<CaptionTableOptions, 'skipBad' | 'skip'> {
    return quiltTable(context, context.settings.rows === 'all' ? 'both' : 'train');
  }
}
