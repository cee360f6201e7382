import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Corpus, type CorpusInfo, choice, type DataContext, defineSettings, type ExpectedFile } from '@medbench/core';
import { CaptionCorpus } from '@medbench/corpus-kit';
import { type CaptionTableOptions, locate } from '@medbench/formats';

const settings = defineSettings({
  split: choice(['train', 'valid'], {
    default: 'train',
    description: 'pairs of the corpus; the study keeps the epoch with the lowest loss on "valid"',
    // Results that are older than this setting trained on what is "train" now.
    keepsKeys: true,
  }),
});

const VALID: ExpectedFile = {
  path: 'pmc-oa/valid.jsonl',
  what: 'a row for each figure of the validation split: "image", "caption"',
};

/** The folder in images.zip. */
const ZIPPED = 'caption_T060_filtered_top4_sep_v0_subfigures';

const INFO = {
  id: 'pmc-oa',
  title: 'PMC-OA',
  domain: 'medical',
  licence: 'that of each article (open access subset of PubMed Central)',
  access: 'open',
  source:
    'https://huggingface.co/datasets/axiong/pmc_oa (train.jsonl or pmc_oa.jsonl, valid.jsonl for validation, and images.zip, unpacked)',
  citation: 'Lin et al. 2023 (PMC-CLIP), arXiv:2303.07240',
  pairs: { train: 1_317_219, valid: 164_657 },
  files: [
    {
      path: ['pmc-oa/train.jsonl', 'pmc-oa/pmc_oa.jsonl', 'pmc-oa/pmc_oa_beta.jsonl', 'pmc-oa/pmc_oa.csv'],
      what: 'a row for each figure: "image", "caption"',
    },
    {
      // images.zip holds the folder of the long name, which some unpack into a folder images.
      path: [`pmc-oa/images/${ZIPPED}/`, `pmc-oa/${ZIPPED}/`, 'pmc-oa/images/'],
      what: 'the figures',
    },
  ],
  settings,
} as const satisfies CorpusInfo;

/** Figures of open-access papers, cut into their panels, with captions. */
@Corpus(INFO)
export class PmcOa extends CaptionCorpus {
  protected override table({ dataRoot, settings: { split } }: DataContext): CaptionTableOptions {
    const [table, images] = INFO.files;
    return {
      table: locate(dataRoot, split === 'valid' ? VALID : table, INFO.source),
      imageColumn: 'image',
      captionColumn: 'caption',
      imageDir: locate(dataRoot, images, INFO.source),
    };
  }

  /** Both splits. Training does not need `valid.jsonl`, so it may be absent. */
  protected override splits(context: DataContext): Readonly<Record<string, DataContext>> {
    const names = existsSync(join(context.dataRoot, String(VALID.path))) ? ['train', 'valid'] : ['train'];
    return Object.fromEntries(
      names.map((split) => [split, { ...context, settings: { ...context.settings, split } }] as const),
    );
  }
}
