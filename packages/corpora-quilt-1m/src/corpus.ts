import { Corpus, type DataContext } from '@medbench/core';
import { CaptionCorpus } from '@medbench/corpus-kit';
import type { CaptionTableOptions } from '@medbench/formats';
import { QUILT, quiltTable } from './files.js';

/** Histopathology images from videos and the web, with what is said of them; an image may have several captions. */
@Corpus({
  ...QUILT,
  id: 'quilt-1m',
  title: 'Quilt-1M',
  domain: 'medical',
  // Both splits together are the 1,017,708 rows of the table.
  pairs: { all: 1_017_708 },
  settings: {
    ...QUILT.settings,
    rows: {
      default: 'train',
      choices: ['train', 'all'],
      description:
        'rows to train on: "all" has those of the retrieval task too, as the study seems to have had, and spoils it',
    },
  },
})
export class Quilt1M extends CaptionCorpus {
  protected override table(context: DataContext): Omit<CaptionTableOptions, 'skipBad' | 'skip'> {
    return quiltTable(context, context.settings.rows === 'all' ? 'both' : 'train');
  }
}
