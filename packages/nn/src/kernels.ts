/** Attributes of the fused layer norm. */
export interface LayerNormAttributes {
  /** Number added to the variance. */
  readonly epsilon: number;
}

/** Attributes of the fused attention. */
export interface AttentionAttributes {
  /** Number of heads, which are adjacent along the last axis of queries, keys and values. */
  readonly heads: number;
  /**
   * Whether `mask` is `causalMask(T)`: 0 on and below the diagonal, -1e9 above. A backend may then leave the mask
   * unread.
   */
  readonly causal: boolean;
}

/** Inputs of attention. `T` is a tensor, or a stand-in such as a recorded value. */
interface AttentionInputs<T> {
  /** `[B, T, h d]`. */
  readonly q: T;
  /** `[B, S, h d]`. */
  readonly k: T;
  /** `[B, S, h d]`. */
  readonly v: T;
  /** Added to the logits: `[T, S]`, or `[B, 1, 1, S]`. It has no gradient. */
  readonly mask?: T;
}

/** Attributes of the fused attention with a bias. */
export interface BiasedAttentionAttributes {
  /** Number of heads, which are adjacent along the last axis of queries, keys and values. */
  readonly heads: number;
}

/** Inputs of attention with a bias. */
interface BiasedAttentionInputs<T> {
  /** `[B, T, h d]`. */
  readonly q: T;
  /** `[B, S, h d]`. */
  readonly k: T;
  /** `[B, S, h d]`. */
  readonly v: T;
  /** Added to the logits: `[G, h, T, S]`, where G divides B. Example b takes the bias b mod G. */
  readonly bias: T;
}

/**
 * Inputs, attributes and outputs of each fused kernel. `T` is a tensor, or a stand-in such as a recorded value; all are
 * float32.
 */
export interface FusedKernels<T> {
  /** Layer norm on the last axis (arXiv:1607.06450). */
  readonly FusedLayerNorm: {
    /** `x` `[..., W]`, `gain` and `bias` `[W]`. */
    readonly inputs: { readonly x: T; readonly gain: T; readonly bias: T };
    readonly attributes: LayerNormAttributes;
    /** The result `[..., W]`, and the mean of each row and 1 / sqrt(variance + epsilon), both `[..., 1]`. */
    readonly outputs: readonly [value: T, mean: T, inverse: T];
  };
  /**
   * Gradient of the layer norm, given `mean` and `inverse` from the forward pass. A backend may offer it with or
   * without `FusedLayerNorm`.
   */
  readonly FusedLayerNormGrad: {
    /** `dy` and `x` `[..., W]`, `mean` and `inverse` `[..., 1]`, `gain` `[W]`. */
    readonly inputs: { readonly dy: T; readonly x: T; readonly mean: T; readonly inverse: T; readonly gain: T };
    readonly attributes: LayerNormAttributes;
    /** Gradients by `x` `[..., W]`, by gain and by bias `[W]`. */
    readonly outputs: readonly [byX: T, byGain: T, byBias: T];
  };
  /** softmax(q kᵀ / √d + mask) v for each head. A backend that offers it must offer `FusedAttentionGrad` too. */
  readonly FusedAttention: {
    readonly inputs: AttentionInputs<T>;
    readonly attributes: AttentionAttributes;
    /** `[B, T, h d]`. */
    readonly outputs: T;
  };
  /** Gradients of the attention. */
  readonly FusedAttentionGrad: {
    /** `dy` `[B, T, h d]`. */
    readonly inputs: AttentionInputs<T> & { readonly dy: T };
    readonly attributes: AttentionAttributes;
    /** Gradients by `q`, `k` and `v`, with their shapes. */
    readonly outputs: readonly [byQ: T, byK: T, byV: T];
  };
  /**
   * softmax(q kᵀ / √d + bias) v for each head, where the bias has a gradient. A backend that offers it must offer
   * `FusedBiasedAttentionGrad` too.
   */
  readonly FusedBiasedAttention: {
    readonly inputs: BiasedAttentionInputs<T>;
    readonly attributes: BiasedAttentionAttributes;
    /** `[B, T, h d]`. */
    readonly outputs: T;
  };
  /** Gradients of the attention with a bias. */
  readonly FusedBiasedAttentionGrad: {
    /** `dy` `[B, T, h d]`. */
    readonly inputs: BiasedAttentionInputs<T> & { readonly dy: T };
    readonly attributes: BiasedAttentionAttributes;
    /** Gradients by `q`, `k`, `v` and `bias`, with their shapes. */
    readonly outputs: readonly [byQ: T, byK: T, byV: T, byBias: T];
  };
}

/** Name of a fused kernel. */
export type FusedName = keyof FusedKernels<unknown>;

/**
 * Names of fused kernels that TensorFlow.js does not have. A backend may register a TensorFlow.js kernel under any of
 * these names. The layers of this package call the kernel if the active backend has it; otherwise they compose the same
 * result from TensorFlow.js's own ops.
 */
export const FUSED = {
  layerNorm: 'FusedLayerNorm',
  layerNormGrad: 'FusedLayerNormGrad',
  attention: 'FusedAttention',
  attentionGrad: 'FusedAttentionGrad',
  biasedAttention: 'FusedBiasedAttention',
  biasedAttentionGrad: 'FusedBiasedAttentionGrad',
} as const satisfies Record<string, FusedName>;
