import {
  boolean,
  choice,
  defaultSettings,
  defineSettings,
  integer,
  number,
  numbers,
  type ProtocolContext,
  type SettingSpecs,
  type SettingsOf,
} from '@medbench/core';

/** Settings of the linear probe. */
export const PROBE_SETTINGS = defineSettings({
  // Radford et al. 2021; LAION's CLIP_benchmark.
  solver: choice(['lbfgs', 'clip-benchmark'], {
    default: 'lbfgs',
    description:
      'lbfgs: logistic regression to convergence, C by validation; clip-benchmark: one layer by AdamW on joint embeddings',
  }),
  epochs: integer({ default: 20, min: 1, description: 'epochs of clip-benchmark; the study used 40' }),
  batchSize: integer({ default: 512, min: 1, description: 'batch size of clip-benchmark; the study used 64' }),
  weightDecay: number({
    min: 0,
    description: 'weight decay of clip-benchmark; auto: by validation, 0 without a validation split; the study used 0',
  }).orAuto(),
  validation: choice(['split', 'none'], {
    default: 'split',
    description: "split: use the task's validation split; none: the training split only, as the study",
  }),
  features: choice(['before', 'after', 'both'], {
    default: 'both',
    description: 'features before the projection, after it, or both (the primary metric then uses those before)',
  }),
  grid: numbers({
    default: [1e-3, 1e-2, 1e-1, 1, 10, 100, 1000],
    min: 1e-12,
    distinct: true,
    description: 'values of C to choose from',
  }),
  refit: choice(['train+val', 'train'], {
    default: 'train+val',
    description: 'splits that the probe is fitted to once C is chosen',
  }),
  shots: numbers({
    default: [],
    min: 1,
    distinct: true,
    description: 'training examples per class of each additional few-shot probe',
  }),
});
export type ProbeSettings = SettingsOf<typeof PROBE_SETTINGS>;

/** Settings of the quickest probe that needs the same embeddings. */
export const quickestSettings = (settings: ProbeSettings): ProbeSettings => ({
  ...settings,
  solver: 'lbfgs',
  features: settings.solver === 'clip-benchmark' ? 'after' : settings.features,
  grid: [1],
  shots: [],
});

/** Settings of classification by nearest neighbours. */
export const KNN_SETTINGS = defineSettings({
  measure: boolean({ default: false, description: 'whether nearest neighbours measure every classification task' }),
  k: numbers({
    default: [1, 5, 10, 20, 50, 100, 200],
    min: 1,
    distinct: true,
    description: 'numbers of neighbours to choose from by validation; with one number, nothing is chosen',
  }),
  vote: choice(['softmax', 'majority'], {
    default: 'softmax',
    description: 'softmax: each neighbour votes with exp(similarity / temperature), as DINO; majority: each with 1',
  }),
  temperature: number({ default: 0.07, min: 1e-6, description: 'temperature of vote=softmax' }),
  features: choice(['before', 'after'], { default: 'before', description: 'features before or after the projection' }),
});
export type KnnSettings = SettingsOf<typeof KNN_SETTINGS>;

/** Settings of the nearest centroid. */
export const SIMPLE_SHOT_SETTINGS = defineSettings({
  measure: boolean({ default: false, description: 'whether SimpleShot measures every classification task' }),
  transform: choice(['cl2n', 'l2n', 'un'], {
    default: 'cl2n',
    description:
      'cl2n: features less their mean over the training split, at unit length; l2n: at unit length; un: as is',
  }),
  shots: numbers({
    default: [1, 5],
    min: 1,
    distinct: true,
    description: 'training examples per class of each additional few-shot figure',
  }),
  draws: integer({ default: 20, min: 1, description: 'draws of examples that a few-shot figure averages' }),
  features: choice(['before', 'after'], { default: 'before', description: 'features before or after the projection' }),
});
export type SimpleShotSettings = SettingsOf<typeof SIMPLE_SHOT_SETTINGS>;

/** Settings of prompt sensitivity. */
export const PROMPT_SENSITIVITY_SETTINGS = defineSettings({
  measure: boolean({
    default: false,
    description: 'whether zero-shot is also measured with each prompt template alone, on every classification task',
  }),
});

/** Settings of retrieval. */
export const RETRIEVAL_SETTINGS = defineSettings({
  positives: choice(['own', 'same-text'], {
    default: 'own',
    description: "right answers: an image's own texts, or any text that reads the same as one of them",
  }),
});
export type RetrievalSettings = SettingsOf<typeof RETRIEVAL_SETTINGS>;

/** Settings of visual question answering. */
export const VQA_SETTINGS = defineSettings({
  head: choice(['mlp', 'linear'], {
    default: 'mlp',
    description: 'classifier of the answers: a perceptron with one hidden layer, or logistic regression',
  }),
  epochs: integer({
    default: 40,
    min: 1,
    description: 'epochs of the perceptron, within minSteps and 4000 steps',
  }),
  minSteps: integer({
    default: 1000,
    min: 1,
    description: 'smallest number of steps of the perceptron, for sets whose epochs have fewer',
  }),
});
export type VqaSettings = SettingsOf<typeof VQA_SETTINGS>;

/** Context of a measurement. Fields that are left out default to those of `medbench run` without settings. */
export type MeasureOptions<S = unknown> = Omit<ProtocolContext, 'settings' | 'split'> & {
  readonly split?: ProtocolContext['split'];
  readonly settings?: Partial<S> | undefined;
};

/** Completes settings with their defaults. */
export const withDefaults = <S>(specs: SettingSpecs, overrides: Partial<S> | undefined): S =>
  ({ ...defaultSettings(specs), ...overrides }) as S;
