import * as tf from '@tensorflow/tfjs-core';
import { offers, runFused } from './fused.js';
import { type AttentionAttributes, FUSED } from './kernels.js';

/** Options of `scaledDotProduct`. */
export interface AttentionOptions {
  readonly heads: number;
  /** Added to the attention logits: `[T, S]`, or `[B, 1, 1, S]`. It has no gradient. */
  readonly mask?: tf.Tensor | undefined;
  /** Whether `mask` is `causalMask(T)`: a backend then need not read the mask. The result is the same. */
  readonly causal?: boolean | undefined;
}

/**
 * Computes softmax(q kᵀ / √d + mask) v for each head (arXiv:1706.03762, equation 1). The heads are adjacent along the
 * last axis.
 * @param q `[B, T, h d]`. @param k `[B, S, h d]`. @param v `[B, S, h d]`. @returns `[B, T, h d]`.
 */
export function scaledDotProduct(
  q: tf.Tensor3D,
  k: tf.Tensor3D,
  v: tf.Tensor3D,
  { heads, mask, causal = false }: AttentionOptions,
): tf.Tensor3D {
  if (!offers(FUSED.attention)) return composedAttention(q, k, v, { heads, mask });
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

/** Attention composed of TensorFlow.js's own operations, for all heads at once. */
function composedAttention(
  q: tf.Tensor3D,
  k: tf.Tensor3D,
  v: tf.Tensor3D,
  { heads, mask }: AttentionOptions,
): tf.Tensor3D {
  const [batch, length, width] = q.shape;
  const size = width / heads;
  const splitHeads = (x: tf.Tensor3D): tf.Tensor =>
    tf.transpose(tf.reshape(x, [batch, x.shape[1], heads, size]), [0, 2, 1, 3]);
  const logits = tf.mul(tf.matMul(splitHeads(q), splitHeads(k), false, true), 1 / Math.sqrt(size));
  const weights = tf.softmax(mask ? tf.add(logits, mask) : logits);
  return tf.reshape(tf.transpose(tf.matMul(weights, splitHeads(v)), [0, 2, 1, 3]), [batch, length, width]);
}
