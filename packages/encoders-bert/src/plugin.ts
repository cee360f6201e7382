import { encoderFamily } from '@medbench/nn';
import { bertModel } from './model.js';
import type { BertSizes } from './parameters.js';

/** BERT-base with the uncased vocabulary; a cased one, or another, comes with `model.vocabulary`. */
const BASE = {
  ...{ contextLength: 256, positions: 512, vocabSize: 30522, width: 768, layers: 12, embedDim: 512 },
  ...({ pooling: 'cls', projection: 'linear' } as const),
};
/** Two blocks of width 64 on 48 tokens. */
const DEMO = {
  ...{ contextLength: 48, positions: 48, vocabSize: 4096, width: 64, layers: 2, embedDim: 64 },
  ...({ pooling: 'cls', projection: 'linear', smallVocabulary: true } as const),
};
const BERT = 'arXiv:1810.04805, section 3';

/** BERT towers. To add one, add an entry to this table. */
export const { BertBase, BertBaseMlp, BertBaseMean, BertDemo, BertDemoMlp, BertDemoMean } = encoderFamily(
  bertModel,
  ({ embedDim, vocabSize, padId, contextLength }): Partial<BertSizes> => ({
    ...{ embedDim, vocabSize },
    ...(padId === undefined ? {} : { padId }),
    ...(contextLength === undefined ? {} : { contextLength }),
  }),
  {
    /** BERT-base, the first token projected by one matrix. */
    BertBase: { title: 'BERT-base', source: BERT, sizes: { id: 'bert-base', ...BASE } },
    /** BERT-base as in BiomedCLIP: the first token projected by two matrices. */
    BertBaseMlp: {
      title: 'BERT-base, projected by an MLP',
      source: 'arXiv:2303.00915; open_clip: hf_proj_type mlp',
      sizes: { id: 'bert-base-mlp', ...BASE, projection: 'mlp' },
    },
    /** BERT-base, the mean of the tokens projected by one matrix. */
    BertBaseMean: {
      title: 'BERT-base, mean of the tokens',
      source: `${BERT}; open_clip: mean_pooler`,
      sizes: { id: 'bert-base-mean', ...BASE, pooling: 'mean' },
    },
    /** Two blocks of width 64, for the demo. */
    BertDemo: { title: 'demo BERT', source: 'medbench', sizes: { id: 'bert-demo', ...DEMO } },
    /** The demo's BERT with BiomedCLIP's projection. */
    BertDemoMlp: {
      title: 'demo BERT, projected by an MLP',
      source: 'medbench',
      sizes: { id: 'bert-demo-mlp', ...DEMO, projection: 'mlp' },
    },
    /** The demo's BERT with the mean of its tokens. */
    BertDemoMean: {
      title: 'demo BERT, mean of the tokens',
      source: 'medbench',
      sizes: { id: 'bert-demo-mean', ...DEMO, pooling: 'mean' },
    },
  },
);
