import * as tf from '@tensorflow/tfjs-core';

/**
 * Names under which an engine may offer attention and its gradient as one kernel each: `q`, `k`, `v`, `mask` and, for the
 * gradient, `dy` as in `scaledDotProduct`; `heads` as an attribute.
 */
const FUSED = { forward: 'FusedAttention', gradient: 'FusedAttentionGrad' } as const;

export interface AttentionOptions {
  readonly heads: number;
  /** Added to the attention logits: `[T, S]`, or `[B, 1, 1, S]`. It has no gradient. */
  readonly mask?: tf.Tensor | undefined;
}

/**
 * softmax(q kᵀ / √d + mask) v, head by head (arXiv:1706.03762, equation 1). Heads lie side by side along the last axis.
 * @param q `[B, T, h d]`. @param k `[B, S, h d]`. @param v `[B, S, h d]`. @returns `[B, T, h d]`.
 */
export function scaledDotProduct(
  q: tf.Tensor3D,
  k: tf.Tensor3D,
  v: tf.Tensor3D,
  { heads, mask }: AttentionOptions,
): tf.Tensor3D {
  if (!tf.getKernel(FUSED.forward, tf.getBackend())) return composed(q, k, v, { heads, mask });
  const run = (kernel: string, [queries, keys, values, added]: readonly tf.Tensor[], dy?: tf.Tensor): unknown => {
    const tensors = { q: queries!, k: keys!, v: values!, ...(added ? { mask: added } : {}), ...(dy ? { dy } : {}) };
    return tf.engine().runKernel(kernel, tensors, { heads });
  };
  const op = tf.customGrad((...args: (tf.Tensor | tf.GradSaveFunc)[]) => {
    const save = args[3] as tf.GradSaveFunc;
    const inputs = [...(args.slice(0, 3) as tf.Tensor[]), ...(mask ? [mask] : [])];
    save(inputs);
    return {
      value: run(FUSED.forward, inputs) as tf.Tensor,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => run(FUSED.gradient, saved, dy) as tf.Tensor[],
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
