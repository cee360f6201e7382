import { Corpus, type DataContext } from '@medbench/core';
import { ShardCorpus, type ShardSource, shardOrderSetting } from '@medbench/corpus-kit';
import { GREY_WINDOW_SETTING } from '@medbench/data';

/** Pairs of any WebDataset shards, the format that img2dataset writes and open_clip reads. */
@Corpus({
  id: 'webdataset',
  title: 'Shards of your own (WebDataset)',
  domain: 'medical',
  licence: 'that of your data',
  access: 'open',
  source: 'your own: tar files whose members 00012.jpg and 00012.txt are a pair',
  files: [{ path: 'webdataset/', what: 'shards (.tar), unless corpusSettings.webdataset.shards names others' }],
  settings: {
    shards: {
      default: 'webdataset',
      description:
        'folder, file or range ("pairs-{000..099}.tar") below the data folder, or an address (https://…/{000..099}.tar, hf://datasets/OWNER/NAME/*.tar); join several with "::"',
      locates: true,
    },
    caption: {
      default: '',
      description: 'field of the .json members that holds the caption; if empty, captions are the .txt members',
    },
    order: shardOrderSetting('all'),
    window: GREY_WINDOW_SETTING,
  },
})
export class WebDatasetCorpus extends ShardCorpus {
  protected override source({ settings }: DataContext): ShardSource {
    const field = String(settings.caption);
    return { shards: String(settings.shards), ...(field === '' ? {} : { captionField: field }) };
  }
}
