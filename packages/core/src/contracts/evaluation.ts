/** How the protocols are carried out: the same for every row and task of a run. */
export interface EvaluationSettings {
  readonly probe: {
    /**
     * `lbfgs`: logistic regression to convergence, C by validation (Radford et al. 2021). `clip-benchmark`: one linear
     * layer trained by AdamW on joint embeddings, weight decay by validation, as LAION's CLIP_benchmark does.
     */
    readonly solver: 'lbfgs' | 'clip-benchmark';
    /** Features before the projection, after it, or both: the primary metric is then on those before. */
    readonly features: 'before' | 'after' | 'both';
    /** Values of C to choose from. */
    readonly grid: readonly number[];
    /** What the probe is fitted to once C is chosen. */
    readonly refit: 'train+val' | 'train';
    /** Numbers of training examples per class of further, few-shot probes. */
    readonly shots: readonly number[];
  };
  readonly retrieval: {
    /** What counts as right: a picture's own texts, or any text that reads the same as one of them. */
    readonly positives: 'own' | 'same-text';
  };
  readonly vqa: {
    /** What classifies answers on the frozen embeddings: a perceptron of one hidden layer, or logistic regression. */
    readonly head: 'mlp' | 'linear';
  };
  /**
   * What classification is measured on: the test split, or the validation split (a fixed tenth of the training split where
   * there is none), by which settings are chosen. The test split is then not read.
   */
  readonly split: 'test' | 'val';
}
