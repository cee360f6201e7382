/** The loss of a validation: that of the method, or CLIP's loss of the joint embeddings. */
export type ValidationLoss = 'own' | 'clip';

/** Pairs for validation, and the decisions that depend on their loss. */
export interface ValidationSettings {
  /**
   * Share of the training corpus to hold out, the same pairs for every row and seed; 0 for none. Not read if the request
   * has a validation corpus: then nothing is held out.
   */
  readonly share: number;
  /** Maximum number of batches that one validation measures; null for all. */
  readonly batches: number | null;
  /** Number of pairs of such a batch; null: that of a training batch. Default null. */
  readonly batchSize?: number | null;
  /**
   * `own`: the loss of the method. `clip`: symmetric InfoNCE of the joint embeddings of both towers as they are evaluated
   * (whole images, no dropped patches, running statistics of batch norms), at the towers' logit scale. Default `own`.
   */
  readonly loss?: ValidationLoss;
  /** Number of steps between two validations; `epoch`: as many as an epoch has full batches. */
  readonly every: number | 'epoch';
  /** Number of validations without a lower loss after which training ends early; null: training never ends early. */
  readonly patience: number | null;
  /** Weights to keep: those of the last step, or those with the lowest validation loss. */
  readonly keep: 'last' | 'best';
}
