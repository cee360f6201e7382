import { defaultSettings, type ProtocolContext, type SettingSpec } from '@medbench/core';

type Specs = Readonly<Record<string, SettingSpec>>;

/** How the linear probe is made. */
export type ProbeSettings = {
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

export const PROBE_SETTINGS: Specs = {
  solver: {
    default: 'lbfgs',
    choices: ['lbfgs', 'clip-benchmark'],
    description:
      'lbfgs: logistic regression to convergence, C by validation; clip-benchmark: one layer by AdamW on joint embeddings, weight decay by validation',
  },
  features: {
    default: 'both',
    choices: ['before', 'after', 'both'],
    description: 'features before the projection, after it, or both: the primary metric is then on those before',
  },
  grid: {
    default: [1e-3, 1e-2, 1e-1, 1, 10, 100, 1000],
    min: 1e-12,
    description: 'values of C to choose from',
  },
  refit: {
    default: 'train+val',
    choices: ['train+val', 'train'],
    description: 'what the probe is fitted to once C is chosen',
  },
  shots: {
    default: [],
    min: 1,
    description: 'numbers of training examples per class of further, few-shot probes',
  },
};

export type RetrievalSettings = {
  /** What counts as right: an image's own texts, or any text that reads the same as one of them. */
  readonly positives: 'own' | 'same-text';
};

export const RETRIEVAL_SETTINGS: Specs = {
  positives: {
    default: 'own',
    choices: ['own', 'same-text'],
    description: "what counts as right: an image's own texts, or any text that reads the same as one of them",
  },
};

export type VqaSettings = {
  /** What classifies answers on the frozen embeddings: a perceptron of one hidden layer, or logistic regression. */
  readonly head: 'mlp' | 'linear';
};

export const VQA_SETTINGS: Specs = {
  head: {
    default: 'mlp',
    choices: ['mlp', 'linear'],
    description: 'what classifies answers: a perceptron of one hidden layer, or logistic regression',
  },
};

/** What a protocol is carried out with; what is left out is as `medbench run` has it without settings. */
export type MeasureOptions<S = unknown> = Omit<ProtocolContext, 'settings' | 'split'> & {
  readonly split?: ProtocolContext['split'];
  readonly settings?: Partial<S> | undefined;
};

/** Settings with the defaults for what is left out. */
export const withDefaults = <S>(specs: Specs, given: Partial<S> | undefined): S =>
  ({ ...defaultSettings(specs), ...given }) as S;
