import type { HostTensor, HostTensors, Program, TensorMap } from '@medbench/core';
import { normal } from '@medbench/core/testing';
import { differentiate, scaledDotProduct } from '@medbench/nn';
import * as tf from '@tensorflow/tfjs-core';

export const BATCH = 3;

/** One attention. */
export interface AttentionCase {
  readonly heads: number;
  /** Width of a head. */
  readonly size: number;
  readonly queries: number;
  readonly keys: number;
  readonly mask?: 'causal' | 'of each example';
  /** Number of biases, which the examples take in turn. */
  readonly biases?: number;
}

/** A mask `[B, 1, 1, S]` that hides the last keys of each example: as many as its index in the batch. */
function lengthMask(keys: number): HostTensor {
  const data = new Float32Array(BATCH * keys);
  for (let row = 0; row < BATCH; row++) data.fill(-1e9, row * keys + keys - row, (row + 1) * keys);
  return { shape: [BATCH, 1, 1, keys], dtype: 'float32', data };
}

/** A program that computes a weighted sum of attention, and its gradients. */
export function attentionProgram(state: HostTensors, attend: (values: TensorMap) => tf.Tensor): Program {
  return {
    name: 'attention',
    state: Object.fromEntries(Object.entries(state).map(([name, { shape }]) => [name, { shape, dtype: 'float32' }])),
    inputs: {},
    run(current) {
      const { mask, weighting, ...variables } = current as Record<string, tf.Tensor>;
      const { value, gradients, terms } = differentiate(variables, (values) => {
        const mixed = attend(mask ? { ...values, mask } : values);
        return { value: tf.sum(tf.mul(mixed, weighting!)) as tf.Scalar, terms: { mixed } };
      });
      return { outputs: { value, mixed: terms.mixed!, ...gradients } };
    },
  };
}

/** Attentions of all forms that the layers use. */
export const ATTENTION_CASES: readonly AttentionCase[] = [
  { heads: 1, size: 8, queries: 5, keys: 5 },
  { heads: 3, size: 4, queries: 5, keys: 7 },
  { heads: 2, size: 4, queries: 9, keys: 9, mask: 'causal' },
  { heads: 2, size: 16, queries: 6, keys: 6, mask: 'causal' },
  { heads: 4, size: 8, queries: 1, keys: 6, mask: 'of each example' },
  { heads: 2, size: 4, queries: 5, keys: 5, biases: 1 },
  { heads: 3, size: 4, queries: 4, keys: 6, biases: BATCH },
];

/** The program of a case, and its tensors. */
export function attentionCase(testCase: AttentionCase): { readonly program: Program; readonly state: HostTensors } {
  const { heads, size, queries, keys, mask, biases } = testCase;
  const causal = Float32Array.from({ length: queries * keys }, (_, i) => (i % keys > Math.floor(i / keys) ? -1e9 : 0));
  const state = {
    q: normal('q', [BATCH, queries, heads * size]),
    k: normal('k', [BATCH, keys, heads * size]),
    v: normal('v', [BATCH, keys, heads * size]),
    weighting: normal('weighting', [BATCH, queries, heads * size]),
    ...(mask === 'causal' ? { mask: { shape: [queries, keys], dtype: 'float32' as const, data: causal } } : {}),
    ...(mask === 'of each example' ? { mask: lengthMask(keys) } : {}),
    ...(biases ? { bias: normal('bias', [biases, heads, queries, keys]) } : {}),
  };
  const attend = ({ q, k, v, mask: logitMask, bias }: TensorMap): tf.Tensor =>
    scaledDotProduct(q as tf.Tensor3D, k as tf.Tensor3D, v as tf.Tensor3D, {
      ...{ heads, mask: logitMask, bias: bias as tf.Tensor4D | undefined },
    });
  return { program: attentionProgram(state, attend), state };
}
