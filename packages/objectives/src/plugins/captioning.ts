import {
  type DualEncoderModel,
  defineSettings,
  integer,
  type LossOutput,
  MedbenchError,
  Objective,
  type ObjectiveInput,
  type ParameterSpec,
  type RepresentInput,
  type SettingsOf,
} from '@medbench/core';
import {
  attentionalPooler,
  blockCount,
  decoderParameters,
  dropLastToken,
  multimodalDecoder,
  poolerParameters,
} from '@medbench/nn';
import { requireCausalText } from './causal-text.js';
import { parameterNames } from './idle.js';
import { meanOverTokens, type TokenLosses, tokenLosses } from './next-tokens.js';

const POOLER = 'coca.attn_pool.';
const DECODER = 'coca.text_decoder.';
/** Width of an attention head, as in the towers. */
const HEAD = 64;

const settings = defineSettings({
  layers: integer({ min: 1, description: 'Number of decoder layers; auto: as many as the text tower has.' }).orAuto(),
  queries: integer({ default: 256, min: 1, description: 'Number of queries that pool the patches for the decoder.' }),
});
type Settings = SettingsOf<typeof settings>;

const depth = (model: DualEncoderModel, { layers }: Settings): number =>
  layers === 'auto' ? blockCount(model, 'text') : layers;

/** A decoder must predict the caption from the image's patches, word by word. */
@Objective({ id: 'captioning', title: 'CoCa: captioning', source: 'arXiv:2205.01917, equation 4', settings })
export class Captioning implements Objective<typeof settings, TokenLosses> {
  /** @throws MedbenchError('config') if the text tower is not causal. */
  parameters(model: DualEncoderModel, values: Settings): readonly ParameterSpec[] {
    requireCausalText(model, 'captioning');
    const { image, text } = model;
    const pooler = { queries: values.queries, width: text.width, contextWidth: image.width };
    const decoder = { width: text.width, layers: depth(model, values), vocabSize: text.vocabSize };
    return [...poolerParameters(POOLER, pooler), ...decoderParameters(DECODER, decoder)];
  }

  idle(model: DualEncoderModel): readonly string[] {
    return parameterNames(model, ['image projection', 'text projection', 'last text norm', 'logit scale']);
  }

  represent({ model, parameters, batch, settings: values }: RepresentInput<typeof settings>): TokenLosses {
    const image = model.encodeImage(parameters, batch.images);
    const text = model.encodeText(parameters, batch.ids);
    if (!text.hidden) {
      throw new MedbenchError('config', `${model.text.id} does not give the tokens that a decoder needs`, {
        hint: 'Its forward pass must return hidden, the tokens before its last norm.',
      });
    }
    const headCount = Math.max(1, model.text.width / HEAD);
    const pooledPatches = attentionalPooler(parameters, POOLER, image.tokens, headCount);
    const textOutputs = dropLastToken(text.hidden);
    const logits = multimodalDecoder(parameters, DECODER, textOutputs, pooledPatches, {
      layers: depth(model, values),
      headCount,
    });
    return tokenLosses(logits, batch.ids);
  }

  loss({ representations }: ObjectiveInput<typeof settings, TokenLosses>): LossOutput {
    return { loss: meanOverTokens(representations) };
  }
}
