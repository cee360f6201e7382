export interface LayerNormAttributes {
  /** Added to the variance. */
  readonly epsilon: number;
}

export interface AttentionAttributes {
  /** They lie side by side along the last axis of queries, keys and values. */
  readonly heads: number;
  /**
   * Whether `mask` is `causalMask(T)`: 0 on and below the diagonal, -1e9 above. A backend may then leave the mask unread.
   */
  readonly causal: boolean;
}

/** Inputs of attention. `T` is a tensor or whatever stands for one. */
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

/** What each fused kernel takes and gives. `T` is a tensor or whatever stands for one; all are float32. */
export interface FusedKernels<T> {
  /** Layer norm on the last axis (arXiv:1607.06450). */
  readonly FusedLayerNorm: {
    /** `x` `[..., W]`, `gain` and `bias` `[W]`. */
    readonly inputs: { readonly x: T; readonly gain: T; readonly bias: T };
    readonly attributes: LayerNormAttributes;
    /** The result `[..., W]`; the mean of each row and 1 / sqrt(variance + epsilon), both `[..., 1]`. */
    readonly outputs: readonly [value: T, mean: T, inverse: T];
  };
  /** Its gradient, for `mean` and `inverse` as the forward pass gave them. Offered on its own or beside `FusedLayerNorm`. */
  readonly FusedLayerNormGrad: {
    /** `dy` and `x` `[..., W]`, `mean` and `inverse` `[..., 1]`, `gain` `[W]`. */
    readonly inputs: { readonly dy: T; readonly x: T; readonly mean: T; readonly inverse: T; readonly gain: T };
    readonly attributes: LayerNormAttributes;
    /** By `x` `[..., W]`, by gain and by bias `[W]`. */
    readonly outputs: readonly [byX: T, byGain: T, byBias: T];
  };
  /** softmax(q kᵀ / √d + mask) v, head by head. Who offers it offers `FusedAttentionGrad` too. */
  readonly FusedAttention: {
    readonly inputs: AttentionInputs<T>;
    readonly attributes: AttentionAttributes;
    /** `[B, T, h d]`. */
    readonly outputs: T;
  };
  /** Its gradients. */
  readonly FusedAttentionGrad: {
    /** `dy` `[B, T, h d]`. */
    readonly inputs: AttentionInputs<T> & { readonly dy: T };
    readonly attributes: AttentionAttributes;
    /** By `q`, `k` and `v`, shaped as these. */
    readonly outputs: readonly [byQ: T, byK: T, byV: T];
  };
}

export type FusedName = keyof FusedKernels<unknown>;

/**
 * Kernels that TensorFlow.js does not have. A backend may register a TensorFlow.js kernel under any of these names; the layers of
 * this package call it where the active backend has it, and compose the same of TensorFlow.js's own ops where it does not.
 */
export const FUSED = {
  layerNorm: 'FusedLayerNorm',
  layerNormGrad: 'FusedLayerNormGrad',
  attention: 'FusedAttention',
  attentionGrad: 'FusedAttentionGrad',
} as const satisfies Record<string, FusedName>;
