import { elementCount } from '@medbench/core';
import { type AttentionAttributes, FUSED } from '@medbench/nn/kernels';
import type { KernelInputs, TraceValue } from './seam.js';

/** Number of bytes of a float32, int32 or bool tensor. */
export const tensorBytes = ({ shape, dtype }: TraceValue): number => elementCount(shape) * (dtype === 'bool' ? 1 : 4);

/** Number of bytes of an attention's operands (queries, keys, values and the result), and of its logits. */
function attentionBytes(
  { q, k, v }: KernelInputs<TraceValue>,
  { heads }: AttentionAttributes,
): { operands: number; logits: number } {
  const [batch, length] = q!.shape as [number, number];
  const logits = tensorBytes({ shape: [batch, heads, length, k!.shape[1]!], dtype: 'float32' });
  return { operands: 2 * tensorBytes(q!) + tensorBytes(k!) + tensorBytes(v!), logits };
}

/**
 * Peak number of bytes, by fused kernel, that a backend without this kernel holds besides the results. Attention: the
 * operands in two shapes, and the logits computed, scaled, masked (if there is a mask) and normalised. Its gradient:
 * the operands again, and four arrays of the size of the logits.
 */
export const COMPOSED_BYTES: Readonly<Record<string, (inputs: KernelInputs<TraceValue>, attrs: never) => number>> = {
  [FUSED.attention]: (inputs, attrs: AttentionAttributes) => {
    const { operands, logits } = attentionBytes(inputs, attrs);
    return 2 * operands + (inputs.mask ? 4 : 3) * logits;
  },
  [FUSED.attentionGrad]: (inputs, attrs: AttentionAttributes) => {
    const { operands, logits } = attentionBytes(inputs, attrs);
    return operands + 4 * logits;
  },
};
