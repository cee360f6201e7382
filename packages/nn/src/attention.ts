import * as tf from '@tensorflow/tfjs-core';
import { offers, runFused } from './fused.js';
import { type AttentionAttributes, FUSED } from './kernels.js';

export interface AttentionOptions {
  readonly heads: number;
  /** Added to the attention logits: `[T, S]`, or `[B, 1, 1, S]`. It has no gradient. */
  readonly mask?: tf.Tensor | undefined;
  /** Whether `mask` is `causalMask(T)`, which tells a backend that it need not read the mask. Changes no number. */
  readonly causal?: boolean | undefined;
}

/**
 * softmax(q kᵀ / √d + mask) v, head by head (arXiv:1706.03762, equation 1). Heads lie side by side along the last axis.
 * @param q `[B, T, h d]`. @param k `[B, S, h d]`. @param v `[B, S, h d]`. @returns `[B, T, h d]`.
 */
export function scaledDotProduct(
  q: tf.Tensor3D,
  k: tf.Tensor3D,
  v: tf.Tensor3D,
  { heads, mask, causal = false }: AttentionOptions,
): tf.Tensor3D {
  if (!offers(FUSED.attention)) return composed(q, k, v, { heads, mask });
  const attributes: AttentionAttributes = { heads, causal };
  const inputsOf = ([queries, keys, values, added]: readonly tf.Tensor[]) => ({
    q: queries!,
    k: keys!,
    v: values!,
    ...(added ? { mask: added } : {}),
  });
  const op = tf.customGrad((...args: (tf.Tensor | tf.GradSaveFunc)[]) => {
    const save = args[3] as tf.GradSaveFunc;
    const inputs = [...(args.slice(0, 3) as tf.Tensor[]), ...(mask ? [mask] : [])];
    save(inputs);
    return {
      value: runFused(FUSED.attention, inputsOf(inputs), attributes),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => [
        ...runFused(FUSED.attentionGrad, { ...inputsOf(saved), dy }, attributes),
      ],
    };
  });
  return op(q, k, v) as tf.Tensor3D;
}

/** The same of TensorFlow.js's own operations, all heads at once. */
function composed(q: tf.Tensor3D, k: tf.Tensor3D, v: tf.Tensor3D, { heads, mask }: AttentionOptions): tf.Tensor3D {
  const [batch, length, width] = q.shape;
  const size = width / heads;
  const apart = (x: tf.Tensor3D): tf.Tensor =>
    tf.transpose(tf.reshape(x, [batch, x.shape[1], heads, size]), [0, 2, 1, 3]);
  const logits = tf.mul(tf.matMul(apart(q), apart(k), false, true), 1 / Math.sqrt(size));
  const weights = tf.softmax(mask ? tf.add(logits, mask) : logits);
  return tf.reshape(tf.transpose(tf.matMul(weights, apart(v)), [0, 2, 1, 3]), [batch, length, width]);
}
