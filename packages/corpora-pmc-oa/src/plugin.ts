import { Corpus, type CorpusInfo, type DataContext } from '@medbench/core';
import { CaptionCorpus } from '@medbench/corpus-kit';
import { type CaptionTableOptions, locate } from '@medbench/formats';

const INFO = {
  id: 'pmc-oa',
  title: 'PMC-OA',
  domain: 'medical',
  licence: 'that of each article (open access subset of PubMed Central)',
  access: 'open',
  source: 'https://huggingface.co/datasets/axiong/pmc_oa (train.jsonl or pmc_oa.jsonl, and images.zip, unpacked)',
  citation: 'Lin et al. 2023 (PMC-CLIP), arXiv:2303.07240',
  pairs: { train: 1_317_219 },
  files: [
    {
      path: ['pmc-oa/train.jsonl', 'pmc-oa/pmc_oa.jsonl', 'pmc-oa/pmc_oa_beta.jsonl', 'pmc-oa/pmc_oa.csv'],
      what: 'a row for each figure: "image", "caption"',
    },
    { path: ['pmc-oa/images/', 'pmc-oa/caption_T060_filtered_top4_sep_v0_subfigures/'], what: 'the figures' },
  ],
} as const satisfies CorpusInfo;

/** Figures of open-access papers, cut into their panels, with captions. */
@Corpus(INFO)
export class PmcOa extends CaptionCorpus {
  protected override table({ dataRoot }: DataContext): CaptionTableOptions {
    const [table, images] = INFO.files;
    return {
      table: locate(dataRoot, table, INFO.source),
      imageColumn: 'image',
      captionColumn: 'caption',
      imageDir: locate(dataRoot, images, INFO.source),
    };
  }
}
