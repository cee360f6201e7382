import { elementCount } from '@medbench/core';
import { type AttentionAttributes, FUSED } from '@medbench/nn/kernels';
import type { KernelInputs, TraceValue } from './seam.js';

/** Bytes of a tensor that TensorFlow.js can hold: float32, int32 or bool. */
export const tensorBytes = ({ shape, dtype }: TraceValue): number => elementCount(shape) * (dtype === 'bool' ? 1 : 4);

/** Bytes of the parts and the mixture of an attention, and of its logits. */
function attentionBytes(
  { q, k, v }: KernelInputs<TraceValue>,
  { heads }: AttentionAttributes,
): { operands: number; logits: number } {
  const [batch, length] = q!.shape as [number, number];
  const logits = tensorBytes({ shape: [batch, heads, length, k!.shape[1]!], dtype: 'float32' });
  return { operands: 2 * tensorBytes(q!) + tensorBytes(k!) + tensorBytes(v!), logits };
}

/**
 * Bytes that a backend without a fused kernel holds beside its results at most, by kernel: the parts in two shapes, and
 * the logits computed, scaled, masked and normalised; the parts again and four arrays like the logits for the gradient.
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
