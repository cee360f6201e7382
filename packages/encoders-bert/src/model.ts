import type { EncoderOutput, TensorMap, TextEncoderModel } from '@medbench/core';
import { gelu, layerNorm, lazyOutput, linear, once, scaledDotProduct } from '@medbench/nn';
import * as tf from '@tensorflow/tfjs-core';
import { type BertSizes, bertParameters, blockPrefix, EMBEDDINGS } from './parameters.js';

/** Width of an attention head. */
const HEAD = 64;
/** Added to the variance in BERT's layer norms. */
const EPSILON = 1e-12;
/** Added to attention logits that must not count. */
const EXCLUDED = -1e9;

function norm<T extends tf.Tensor>(parameters: TensorMap, name: string, x: T): T {
  return layerNorm(x, parameters[`${name}.weight`]!, parameters[`${name}.bias`]!, EPSILON);
}

function dense<T extends tf.Tensor>(parameters: TensorMap, name: string, x: T): T {
  return linear(x, parameters[`${name}.weight`]!, parameters[`${name}.bias`]!);
}

/** Sum of word, position and first-type embeddings, normalised. `ids` `[B, L]`. @returns `[B, L, W]`. */
function embed(parameters: TensorMap, ids: tf.Tensor2D, width: number): tf.Tensor3D {
  const [batch, length] = ids.shape;
  const table = (name: string): tf.Tensor2D => parameters[`${EMBEDDINGS}${name}_embeddings.weight`] as tf.Tensor2D;
  const words = tf.reshape(tf.gather(table('word'), tf.reshape(ids, [batch * length])), [batch, length, width]);
  const positions = tf.slice(table('position'), [0, 0], [length, width]);
  const firstType = tf.slice(table('token_type'), [0, 0], [1, width]);
  return norm(parameters, `${EMBEDDINGS}LayerNorm`, tf.add(words, tf.add(positions, firstType)) as tf.Tensor3D);
}

/**
 * A post-norm block without its last norm, for some of the tokens.
 * @param x all tokens, `[B, L, W]`. @param rows those to compute, `[B, T, W]`. @param mask `[B, 1, 1, L]`.
 */
function unnormedBlock(
  parameters: TensorMap,
  prefix: string,
  x: tf.Tensor3D,
  rows: tf.Tensor3D,
  mask: tf.Tensor,
): tf.Tensor3D {
  const project = (name: string, tokens: tf.Tensor3D): tf.Tensor3D =>
    dense(parameters, `${prefix}attention.self.${name}`, tokens);
  const mixed = scaledDotProduct(project('query', rows), project('key', x), project('value', x), {
    ...{ heads: x.shape[2] / HEAD, mask },
  });
  const attention = `${prefix}attention.output.`;
  const attended = norm(
    parameters,
    `${attention}LayerNorm`,
    tf.add(dense(parameters, `${attention}dense`, mixed), rows) as tf.Tensor3D,
  );
  const inner = gelu(dense(parameters, `${prefix}intermediate.dense`, attended));
  return tf.add(dense(parameters, `${prefix}output.dense`, inner), attended) as tf.Tensor3D;
}

/** Mean of the tokens that are no padding. @param tokens `[B, L, W]`. @param kept `[B, L]`. @returns `[B, W]`. */
function maskedMean(tokens: tf.Tensor3D, kept: tf.Tensor2D): tf.Tensor2D {
  const [batch, length, width] = tokens.shape;
  const weights = tf.div(kept, tf.sum(kept, 1, true));
  return tf.reshape(tf.matMul(tf.reshape(weights, [batch, 1, length]), tokens), [batch, width]);
}

function forward(sizes: BertSizes, parameters: TensorMap, ids: tf.Tensor2D): EncoderOutput {
  const { width, layers, pooling, projection, padId = 0 } = sizes;
  const [batch, length] = ids.shape;
  const padding = tf.cast(tf.equal(ids, padId), 'float32') as tf.Tensor2D;
  const mask = tf.reshape(tf.mul(padding, EXCLUDED), [batch, 1, 1, length]);
  let x = embed(parameters, ids, width);
  for (let i = 0; i < layers - 1; i++) {
    const prefix = blockPrefix(i);
    x = norm(parameters, `${prefix}output.LayerNorm`, unnormedBlock(parameters, prefix, x, x, mask));
  }
  const last = blockPrefix(layers - 1);
  const lastNorm = (hidden: tf.Tensor3D): tf.Tensor3D => norm(parameters, `${last}output.LayerNorm`, hidden);
  const project = <T extends tf.Tensor>(rows: T): T =>
    projection === 'linear'
      ? linear(rows, parameters['proj.weight']!)
      : linear(gelu(linear(rows, parameters['proj.0.weight']!)), parameters['proj.2.weight']!);
  const hidden = once(() => unnormedBlock(parameters, last, x, x, mask));
  const tokens = once(() => lastNorm(hidden()));
  const pooled = once<tf.Tensor2D>(() => {
    if (pooling === 'mean') return maskedMean(tokens(), tf.sub(1, padding));
    // The first token alone: the last block need not compute the others.
    const first = tf.slice(x, [0, 0, 0], [batch, 1, width]);
    return tf.reshape(lastNorm(unnormedBlock(parameters, last, x, first, mask)), [batch, width]);
  });
  const tokenEmbeddings = once(() => project(tokens()));
  const embedding = once(() => project(pooled()));
  return lazyOutput({ tokens, hidden, tokenEmbeddings, pooled, embedding });
}

/** Models on the hub that have the sizes of BERT-base, by the size of their vocabulary. */
const BASE_MODELS: Readonly<Record<number, string>> = {
  30522: 'google-bert/bert-base-uncased',
  28996: 'google-bert/bert-base-cased',
};

/** The `text_cfg` of open_clip. A BERT of other sizes is described by the folder `./bert` beside it. */
function openClipConfig({ width, layers, positions, vocabSize, contextLength, pooling, projection }: BertSizes) {
  const base = width === 768 && layers === 12 && positions === 512 ? BASE_MODELS[vocabSize] : undefined;
  const name = base ?? './bert';
  return {
    ...{ hf_model_name: name, hf_tokenizer_name: name, hf_proj_type: projection },
    hf_pooler_type: pooling === 'cls' ? 'cls_last_hidden_state_pooler' : 'mean_pooler',
    ...{ context_length: contextLength, vocab_size: vocabSize },
  };
}

/**
 * BERT (arXiv:1810.04805) as the text tower of open_clip's `HFTextEncoder`: word, position and type embeddings,
 * post-norm blocks whose tokens attend to all but padding, pooling, projection. The activation is the exact GELU,
 * whatever the run asks of its blocks. Parameters are named as in open_clip, without `text.`: those of Hugging Face's
 * `BertModel` after `transformer.`, and `proj`. BERT's own pooler, a dense layer on the first token, has no part.
 * @throws RangeError if the width is no multiple of 64, or the position table is shorter than the context.
 */
export function bertModel(sizes: BertSizes): TextEncoderModel {
  const { id, contextLength, positions, vocabSize, width, embedDim, padId = 0, smallVocabulary } = sizes;
  if (width % HEAD !== 0) throw new RangeError(`${id}: the width ${width} is no multiple of ${HEAD}`);
  if (contextLength > positions) {
    throw new RangeError(`${id}: ${contextLength} token positions do not fit the table of ${positions}`);
  }
  return {
    ...{ id, contextLength, vocabSize, width, embedDim, padId },
    ...{ bidirectional: true, input: { tokens: 'word-pieces', ...(smallVocabulary ? { smallVocabulary } : {}) } },
    openClip: openClipConfig(sizes),
    ...bertParameters(sizes),
    forward: (parameters, ids) => forward(sizes, parameters, ids),
  };
}
