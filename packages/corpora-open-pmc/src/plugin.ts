import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Corpus, type CorpusInfo, type DataContext } from '@medbench/core';
import { ShardCorpus, type ShardSource, shardOrderSetting } from '@medbench/corpus-kit';

/** Where the shards are on the hub. One that is named is `train-0000.tar`, with the members `train-0000-000000.jpg` and `.jsonl`. */
const HUB = 'hf://datasets/vector-institute/open-pmc/train-*.tar';
/** Folder in which shards that were fetched are looked for. */
const FOLDER = 'open-pmc';

const INFO = {
  id: 'open-pmc',
  title: 'Open-PMC',
  domain: 'medical',
  licence: 'that of each article (open access subset of PubMed Central)',
  access: 'open',
  source:
    'https://huggingface.co/datasets/vector-institute/open-pmc (read from there, or from open-pmc/ if it is there)',
  citation: 'Baghbanzadeh et al. 2025 (Open-PMC), arXiv:2503.14377',
  settings: {
    shards: {
      default: '',
      description: `folder, file, range or address of shards; if empty, ${FOLDER}/ below the data folder if it is there, else ${HUB}`,
      type: 'text',
      locates: true,
    },
    caption: {
      default: 'sub_caption',
      description: 'field of the .jsonl members that is the caption: sub_caption, or another one that they have',
      type: 'text',
    },
    first: {
      default: 0,
      min: 0,
      type: 'integer',
      description: 'number of shards to take, from the first by name; 0 for all',
    },
    order: shardOrderSetting('shards'),
  },
} as const satisfies CorpusInfo;

/** Medical sub-figures of open-access papers with their part of the caption, from the hub. */
@Corpus(INFO)
export class OpenPmc extends ShardCorpus {
  protected override source({ dataRoot, settings }: DataContext): ShardSource {
    const given = String(settings.shards);
    const first = Number(settings.first);
    return {
      shards: given || (existsSync(join(dataRoot, FOLDER)) ? FOLDER : HUB),
      captionField: String(settings.caption),
      captionSuffix: 'jsonl',
      ...(first > 0 ? { first } : {}),
    };
  }
}
