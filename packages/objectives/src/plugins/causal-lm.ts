import {
  type DualEncoderModel,
  type LossOutput,
  MedbenchError,
  Objective,
  type ObjectiveInput,
  type ParameterSpec,
  type RepresentInput,
  type SettingSpecs,
} from '@medbench/core';
import { dropLastToken } from '@medbench/nn';
import * as tf from '@tensorflow/tfjs-core';
import { requireCausalText } from './causal-text.js';
import { parameterNames } from './idle.js';
import { meanOverTokens, type TokenLosses, tokenLosses } from './next-tokens.js';

/** The text tower must predict each next token. Its token embeddings are the output layer: no parameter is added. */
@Objective({
  id: 'causal-lm',
  title: "Next token of the text, by the text tower's own embeddings",
  source: 'arXiv:2110.05208, section 3.2, with next-token prediction for masked words',
})
export class CausalLm implements Objective<SettingSpecs, TokenLosses> {
  /** None, but only a causal text tower can be trained. @throws MedbenchError('config') for another one. */
  parameters(model: DualEncoderModel): readonly ParameterSpec[] {
    requireCausalText(model, 'causal-lm');
    return [];
  }

  idle(model: DualEncoderModel): readonly string[] {
    return parameterNames(model, ['image tower', 'text projection', 'logit scale']);
  }

  represent({ model, parameters, batch }: RepresentInput): TokenLosses {
    const text = model.encodeText(parameters, batch.ids);
    const textOutputs = dropLastToken(text.tokens);
    const [count, length, width] = textOutputs.shape;
    const words = parameters['token_embedding.weight'];
    if (!words)
      throw new MedbenchError('config', `${model.text.id} has no token_embedding.weight to predict words with`);
    const flat = tf.matMul(tf.reshape(textOutputs, [count * length, width]), words, false, true);
    return tokenLosses(tf.reshape(flat, [count, length, words.shape[0]!]), batch.ids);
  }

  loss({ representations }: ObjectiveInput<SettingSpecs, TokenLosses>): LossOutput {
    return { loss: meanOverTokens(representations) };
  }
}
