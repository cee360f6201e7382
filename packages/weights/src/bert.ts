import { type HostTensors, MedbenchError } from '@medbench/core';
import { countAfter } from './sizes.js';

/** Prefix of a BERT tower's names in the layout of open_clip, which Hugging Face's `BertModel` does not have. */
const PREFIX = 'transformer.';
const WORDS = `${PREFIX}embeddings.word_embeddings.weight`;

/** Whether weights have a BERT as text tower. */
export const hasBert = (weights: HostTensors): boolean => weights[WORDS] !== undefined;

/** Converts a BERT tower to the names of Hugging Face's `BertModel`, which has no place for the projection. */
export const bertToHuggingFace = (weights: HostTensors): HostTensors =>
  Object.fromEntries(
    Object.entries(weights).flatMap(([name, tensor]) =>
      name.startsWith(PREFIX) ? [[name.slice(PREFIX.length), tensor] as const] : [],
    ),
  );

/**
 * The contents of `config.json` for `BertModel.from_pretrained`.
 * @throws MedbenchError('weights') if the weights have no BERT.
 */
export function bertConfig(weights: HostTensors, padId = 0): unknown {
  const shape = (name: string): readonly number[] => {
    const tensor = weights[`${PREFIX}${name}`];
    if (!tensor) throw new MedbenchError('weights', `The text tower has no ${PREFIX}${name}: it is no BERT`);
    return tensor.shape;
  };
  const [vocabulary, width] = shape('embeddings.word_embeddings.weight') as [number, number];
  return {
    architectures: ['BertModel'],
    model_type: 'bert',
    hidden_size: width,
    intermediate_size: shape('encoder.layer.0.intermediate.dense.weight')[0],
    num_attention_heads: width / 64,
    num_hidden_layers: countAfter(Object.keys(weights), `${PREFIX}encoder.layer.`),
    max_position_embeddings: shape('embeddings.position_embeddings.weight')[0],
    type_vocab_size: shape('embeddings.token_type_embeddings.weight')[0],
    vocab_size: vocabulary,
    pad_token_id: padId,
    hidden_act: 'gelu',
    layer_norm_eps: 1e-12,
  };
}
