import { join } from 'node:path';
import { Corpus, type DataContext } from '@medbench/core';
import { CaptionCorpus } from '@medbench/corpus-kit';

/** Images and captions that a table lists: replace them by your own. */
@Corpus({
  id: 'template-name',
  title: 'Template name',
  domain: 'medical',
  licence: 'CC0 1.0',
  access: 'open',
  source: 'where the corpus is obtained',
  files: [
    { path: 'template-name/captions.csv', what: 'one row for each pair' },
    { path: 'template-name/images/', what: 'the images' },
  ],
})
export class TemplateName extends CaptionCorpus {
  /** Says where the table is (CSV, TSV or JSON lines) and which columns it has. Images are read when they are needed. */
  protected override table({ dataRoot }: DataContext) {
    const folder = join(dataRoot, 'template-name');
    return {
      table: join(folder, 'captions.csv'),
      imageColumn: 'image',
      captionColumn: 'caption',
      imageDir: join(folder, 'images'),
    };
  }
}
