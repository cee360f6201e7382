import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Corpus, type CorpusInfo, type DataContext } from '@medbench/core';
import { ShardCorpus, type ShardSource, shardOrderSetting } from '@medbench/corpus-kit';

const HUB = 'hf://datasets/BIOMEDICA/biomedica_webdataset_24M';
/** Folder in which shards that were fetched are looked for, one folder in it for each subset. */
const FOLDER = 'biomedica';

/** Subsets by the licences of the articles, each a folder of shards. */
const SUBSETS = ['commercial', 'noncommercial', 'other'] as const;

const INFO = {
  id: 'biomedica',
  title: 'BIOMEDICA',
  domain: 'medical',
  licence:
    'that of each article: CC0, CC BY, CC BY-SA or CC BY-ND ("commercial"), CC BY-NC, -NC-SA or -NC-ND ("noncommercial"), none or another ("other")',
  access: 'agreement',
  source:
    'https://huggingface.co/datasets/BIOMEDICA/biomedica_webdataset_24M (accept its terms and set HF_TOKEN; read from there, or from biomedica/ if it is there)',
  citation: 'Lozano et al. 2025 (BIOMEDICA), arXiv:2501.07171',
  settings: {
    subset: {
      default: 'commercial',
      choices: [...SUBSETS, 'all'],
      description: 'articles whose licence allows commercial use, does not, is another or none; or all',
    },
    shards: {
      default: '',
      description: `folder, file, range or address of shards; if empty, those of the subset: in ${FOLDER}/ below the data folder if it is there, else on the hub`,
      type: 'text',
      locates: true,
    },
    first: {
      default: 10,
      min: 0,
      type: 'integer',
      description:
        'number of shards to take, from the first by name, with up to 10,000 pairs each; 0 for all: reading their headers once then takes days, for they are 27 TB',
    },
    order: shardOrderSetting('shards'),
  },
} as const satisfies CorpusInfo;

/** Figures of all open-access papers of PubMed Central with their captions, from the hub. */
@Corpus(INFO)
export class Biomedica extends ShardCorpus {
  protected override source({ dataRoot, settings }: DataContext): ShardSource {
    const first = Number(settings.first);
    const subsets = settings.subset === 'all' ? SUBSETS : [String(settings.subset)];
    const onDisk = existsSync(join(dataRoot, FOLDER));
    const places = subsets.map((subset) => (onDisk ? `${FOLDER}/${subset}` : `${HUB}/${subset}/**/*.tar`));
    return { shards: String(settings.shards) || places.join('::'), ...(first > 0 ? { first } : {}) };
  }
}
