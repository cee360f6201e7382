import * as tf from '@tensorflow/tfjs-core';
import { offers, runFused } from './fused.js';
import { type AttentionAttributes, FUSED, type FusedKernels } from './kernels.js';

/** Options of `scaledDotProduct`. */
export interface AttentionOptions {
  readonly heads: number;
  /** Added to the attention logits: `[T, S]`, or `[B, 1, 1, S]`. It has no gradient. */
  readonly mask?: tf.Tensor | undefined;
  /**
   * Added to the attention logits, with a gradient: `[G, h, T, S]`, where G divides B. Example b takes the bias b mod G.
   */
  readonly bias?: tf.Tensor4D | undefined;
  /** Whether `mask` is `causalMask(T)`: a backend then need not read the mask. The result is the same. */
  readonly causal?: boolean | undefined;
}

/**
 * Computes softmax(q kᵀ / √d + bias + mask) v for each head (arXiv:1706.03762, equation 1). The heads are adjacent along the
 * last axis.
 * @param q `[B, T, h d]`. @param k `[B, S, h d]`. @param v `[B, S, h d]`. @returns `[B, T, h d]`.
 */
export function scaledDotProduct(
  q: tf.Tensor3D,
  k: tf.Tensor3D,
  v: tf.Tensor3D,
  { heads, mask, bias, causal = false }: AttentionOptions,
): tf.Tensor3D {
  if (bias && !mask && offers(FUSED.biasedAttention)) return biasedAttention({ q, k, v, bias }, heads);
  if (bias || !offers(FUSED.attention)) return composedAttention(q, k, v, { heads, mask, bias });
  const attributes: AttentionAttributes = { heads, causal };
  const nameInputs = ([queries, keys, values, logitMask]: readonly tf.Tensor[]) => ({
    q: queries!,
    k: keys!,
    v: values!,
    ...(logitMask ? { mask: logitMask } : {}),
  });
  const op = tf.customGrad((...args: (tf.Tensor | tf.GradSaveFunc)[]) => {
    const save = args[3] as tf.GradSaveFunc;
    const inputs = [...(args.slice(0, 3) as tf.Tensor[]), ...(mask ? [mask] : [])];
    save(inputs);
    return {
      value: runFused(FUSED.attention, nameInputs(inputs), attributes),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => [
        ...runFused(FUSED.attentionGrad, { ...nameInputs(saved), dy }, attributes),
      ],
    };
  });
  return op(q, k, v) as tf.Tensor3D;
}

/** Attention with a bias, by the fused kernels of the active backend. */
function biasedAttention(
  inputs: FusedKernels<tf.Tensor>['FusedBiasedAttention']['inputs'],
  heads: number,
): tf.Tensor3D {
  const nameInputs = ([q, k, v, bias]: readonly tf.Tensor[]) => ({ q: q!, k: k!, v: v!, bias: bias! });
  const op = tf.customGrad((...args: (tf.Tensor | tf.GradSaveFunc)[]) => {
    const save = args[4] as tf.GradSaveFunc;
    const given = args.slice(0, 4) as tf.Tensor[];
    save(given);
    return {
      value: runFused(FUSED.biasedAttention, nameInputs(given), { heads }),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => [
        ...runFused(FUSED.biasedAttentionGrad, { ...nameInputs(saved), dy }, { heads }),
      ],
    };
  });
  return op(inputs.q, inputs.k, inputs.v, inputs.bias) as tf.Tensor3D;
}

/** Attention composed of TensorFlow.js's own operations, for all heads at once. */
function composedAttention(
  q: tf.Tensor3D,
  k: tf.Tensor3D,
  v: tf.Tensor3D,
  { heads, mask, bias }: AttentionOptions,
): tf.Tensor3D {
  const [batch, length, width] = q.shape;
  const size = width / heads;
  const splitHeads = (x: tf.Tensor3D): tf.Tensor =>
    tf.transpose(tf.reshape(x, [batch, x.shape[1], heads, size]), [0, 2, 1, 3]);
  const scaled = tf.mul(tf.matMul(splitHeads(q), splitHeads(k), false, true), 1 / Math.sqrt(size));
  const logits = bias ? addInTurn(scaled, bias) : scaled;
  const weights = tf.softmax(mask ? tf.add(logits, mask) : logits);
  return tf.reshape(tf.transpose(tf.matMul(weights, splitHeads(v)), [0, 2, 1, 3]), [batch, length, width]);
}

/** Adds biases `[G, …]` to `[B, …]`: to example b the bias b mod G. As rows, because backends broadcast those fast. */
function addInTurn(logits: tf.Tensor, bias: tf.Tensor): tf.Tensor {
  const rows = tf.reshape(logits, [-1, bias.size]);
  return tf.reshape(tf.add(rows, tf.reshape(bias, [1, bias.size])), logits.shape);
}
