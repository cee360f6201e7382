import { Encoder, type EncoderInfo, type EncoderOptions, type TextEncoderModel } from '@medbench/core';
import { encoderFacts } from '@medbench/nn';
import { type GptSizes, gptModel } from './model.js';

const GPT77: GptSizes = { id: 'gpt-77', contextLength: 77, vocabSize: 49408, width: 512, layers: 12, embedDim: 512 };
const SMALL: GptSizes = { id: 'gpt-small', contextLength: 77, vocabSize: 4096, width: 128, layers: 4, embedDim: 128 };
const DEMO: GptSizes = { id: 'gpt-demo', contextLength: 48, vocabSize: 4096, width: 64, layers: 2, embedDim: 64 };

const facts = (sizes: GptSizes, title: string, source: string): EncoderInfo => ({
  ...encoderFacts(gptModel(sizes)),
  title,
  modality: 'text',
  contextLength: sizes.contextLength,
  source,
});

abstract class Gpt implements Encoder {
  protected abstract readonly sizes: GptSizes;

  build({ embedDim, vocabSize, activation = 'quick-gelu' }: EncoderOptions): TextEncoderModel {
    return gptModel({ ...this.sizes, embedDim, vocabSize, activation });
  }
}

/** CLIP's text transformer. */
@Encoder(facts(GPT77, 'GPT/77', 'arXiv:2103.00020, table 19'))
export class Gpt77 extends Gpt {
  protected readonly sizes = GPT77;
}

/** Four blocks of 128. */
@Encoder(facts(SMALL, 'small text transformer', 'medbench'))
export class GptSmall extends Gpt {
  protected readonly sizes = SMALL;
}

/** Two blocks of 64 on 48 tokens: the demo's. */
@Encoder(facts(DEMO, 'demo text transformer', 'medbench'))
export class GptDemo extends Gpt {
  protected readonly sizes = DEMO;
}
