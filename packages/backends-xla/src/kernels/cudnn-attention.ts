import type { HloBuilder } from '../hlo/builder.js';
import type { HloType, HloValue } from '../hlo/value.js';
import {
  type AttentionAttributes,
  type AttentionInputs,
  type GradientInputs,
  joinHeads,
  splitHeads,
} from './attention.js';

/** Widest head that cuDNN's flash attention takes. */
const WIDEST_HEAD = 128;

/**
 * Whether cuDNN can compute this attention: in bfloat16, without a mask or with a causal one. Masks of each example are
 * left to the composed form.
 */
export const canCallCudnn = (
  b: HloBuilder,
  { q, k, v, mask }: AttentionInputs,
  { heads, causal }: AttentionAttributes,
): boolean =>
  b.attention === 'cudnn' &&
  [q, k, v].every(b.lowers) &&
  q.shape[2]! / heads <= WIDEST_HEAD &&
  (!mask || (causal && q.shape[1] === k.shape[1]));

/** The axes of a product, as XLA's protocol buffers write them. */
const product = (
  contract: readonly [left: number, right: number],
  batch: { readonly left: readonly number[]; readonly right: readonly number[] },
) => ({
  lhs_contracting_dimensions: [String(contract[0])],
  rhs_contracting_dimensions: [String(contract[1])],
  lhs_batch_dimensions: batch.left.map(String),
  rhs_batch_dimensions: batch.right.map(String),
});
/** Batch and heads of `[B, T, h, d]`, and of the logits `[B, h, T, S]`. */
const [ROWS, LOGITS] = [
  [0, 2],
  [0, 1],
];
const FORWARD = {
  bmm1_dot_dimension_numbers: product([3, 3], { left: ROWS, right: ROWS }),
  bmm2_dot_dimension_numbers: product([3, 1], { left: LOGITS, right: ROWS }),
};
const BACKWARD = {
  bmm1_grad_gemm1_dot_dimension_numbers: product([2, 1], { left: LOGITS, right: ROWS }),
  bmm1_grad_gemm2_dot_dimension_numbers: product([3, 1], { left: LOGITS, right: ROWS }),
  bmm2_grad_gemm1_dot_dimension_numbers: product([2, 1], { left: LOGITS, right: ROWS }),
  bmm2_grad_gemm2_dot_dimension_numbers: product([3, 3], { left: ROWS, right: ROWS }),
};

/** The message `GpuBackendConfig` with its `CudnnfMHABackendConfig`, in the form that XLA reads. */
function callConfig(queries: HloValue, keys: HloValue, masked: boolean, products: object) {
  const [batch, length, heads, size] = queries.shape as [number, number, number, number];
  return {
    operation_queue_id: '0',
    wait_on_operation_queues: [],
    cudnn_fmha_backend_config: {
      algorithm: {
        algo_id: '0',
        math_type: 'TENSOR_OP_MATH',
        tuning_knobs: { 17: '1', 24: '0' },
        is_cudnn_frontend: true,
        workspace_size: '0',
      },
      fmha_scale: 1 / Math.sqrt(size),
      dropout_rate: 0,
      seed: 42,
      is_flash_attention: true,
      mask_type: masked ? 'CAUSAL' : 'NO_MASK',
      sliding_window_length: 0,
      intermediate_tensor_shape: {
        element_type: 'BF16',
        dimensions: [batch, heads, length, keys.shape[1]!].map(String),
        tuple_shapes: [],
        layout: {
          dim_level_types: [],
          dim_unique: [],
          dim_ordered: [],
          minor_to_major: ['3', '2', '1', '0'],
          tiles: [],
          element_size_in_bits: '0',
          memory_space: '0',
          index_primitive_type: 'PRIMITIVE_TYPE_INVALID',
          pointer_primitive_type: 'PRIMITIVE_TYPE_INVALID',
          dynamic_shape_metadata_prefix_bytes: '0',
        },
        is_dynamic_dimension: [false, false, false, false],
      },
      ...products,
    },
  };
}

/** A result `[B, h, T, d]` for values `[B, T, h, d]`, in whose order it lies in memory. */
function byHead({ shape }: HloValue): HloType & { readonly layout: readonly number[] } {
  const [batch, length, heads, size] = shape as [number, number, number, number];
  return { shape: [batch, heads, length, size], dtype: 'float32', low: true, layout: [3, 1, 2, 0] };
}

/** The forward call, with what the gradient needs. Equal calls are one, so the gradient adds none. */
function call(b: HloBuilder, { q, k, v, mask }: AttentionInputs, heads: number) {
  const [queries, keys, values] = [q, k, v].map((x) => splitHeads(b, b.lowered(x), heads)) as [
    HloValue,
    HloValue,
    HloValue,
  ];
  const [batch, length] = queries.shape as [number, number];
  const masked = mask !== undefined;
  const [output, statistics] = b.customCall(
    '__cudnn$fmhaSoftmax',
    [queries, keys, values],
    callConfig(queries, keys, masked, FORWARD),
    [byHead(queries), { shape: [batch, heads, length], dtype: 'float32' }],
  ) as [HloValue, HloValue];
  return { queries, keys, values, masked, statistics, output };
}

/** Attention as cuDNN computes it, `[B, T, h d]`. */
export const cudnnAttention = (b: HloBuilder, inputs: AttentionInputs, { heads }: AttentionAttributes): HloValue =>
  joinHeads(b, call(b, inputs, heads).output);

/** Its gradients by `q`, `k` and `v`. */
export function cudnnAttentionGradients(
  b: HloBuilder,
  { dy, ...inputs }: GradientInputs,
  { heads }: AttentionAttributes,
): [HloValue, HloValue, HloValue] {
  const { queries, keys, values, masked, statistics, output } = call(b, inputs, heads);
  const gradients = b.customCall(
    '__cudnn$fmhaSoftmaxBackward',
    [queries, keys, values, statistics, splitHeads(b, b.lowered(dy), heads), b.transpose(output, [0, 2, 1, 3])],
    callConfig(queries, keys, masked, BACKWARD),
    [queries, keys, values].map(byHead),
  );
  return gradients.map((one) => joinHeads(b, one)) as [HloValue, HloValue, HloValue];
}
