import { encoderFamily } from '@medbench/nn';
import { gptModel } from './model.js';

/** Causal text transformers. To add one, add an entry to this table. */
export const { Gpt77, Gpt77Wide, GptSmall, GptDemo } = encoderFamily(
  gptModel,
  ({ embedDim, vocabSize, activation = 'quick-gelu', contextLength }) => ({
    ...{ embedDim, vocabSize, activation },
    ...(contextLength === undefined ? {} : { contextLength }),
  }),
  {
    /** CLIP's text transformer. */
    Gpt77: {
      title: 'GPT/77',
      source: 'arXiv:2103.00020, table 19',
      sizes: { id: 'gpt-77', contextLength: 77, vocabSize: 49408, width: 512, layers: 12, embedDim: 512 },
    },
    /** The text transformer of CLIP's ViT-L/14. */
    Gpt77Wide: {
      title: 'GPT/77, width 768',
      source: 'arXiv:2103.00020, table 19',
      sizes: { id: 'gpt-77-768', contextLength: 77, vocabSize: 49408, width: 768, layers: 12, embedDim: 768 },
    },
    /** Four blocks of width 128. */
    GptSmall: {
      title: 'small text transformer',
      source: 'medbench',
      sizes: { id: 'gpt-small', contextLength: 77, vocabSize: 4096, width: 128, layers: 4, embedDim: 128 },
    },
    /** Two blocks of width 64 on 48 tokens, for the demo. */
    GptDemo: {
      title: 'demo text transformer',
      source: 'medbench',
      sizes: { id: 'gpt-demo', contextLength: 48, vocabSize: 4096, width: 64, layers: 2, embedDim: 64 },
    },
  },
);
