import { z } from 'zod';

const ids = z.union([z.string(), z.array(z.string())]).transform((value) => (Array.isArray(value) ? value : [value]));
const count = z.int().min(1);
const fraction = z.number().gt(0).max(1);

/** Settings of individual plugins, by plugin id and setting name. */
const settingValue = z.union([z.string(), z.number(), z.boolean(), z.array(z.number())]);
const pluginSettings = z.record(z.string(), z.record(z.string(), settingValue));

const training = z.strictObject({
  steps: z.int().min(0),
  stopAt: count.nullable(),
  batchSize: z.int().min(2),
  chunkSize: count.nullable(),
  learningRate: z.number().gt(0),
  warmup: z.int().min(0),
  weightDecay: z.number().min(0),
  beta1: z.number().min(0).lt(1),
  beta2: z.number().min(0).lt(1),
  epsilon: z.number().gt(0),
  clipNorm: z.number().gt(0).nullable(),
  validation: z.strictObject({
    share: z.number().min(0).max(0.5),
    batches: count,
    every: count,
    patience: count.nullable(),
    keep: z.enum(['last', 'best']),
  }),
  cropScale: z.tuple([fraction, fraction]),
  checkpointEvery: count,
  logEvery: count,
});

/** All settings of a run, with their bounds. An unknown key is an error. */
export const configSchema = z.strictObject({
  /** Plugin packages or paths, in addition to those found by keyword. */
  plugins: z.array(z.string()),
  preset: z.string().nullable(),
  methods: ids,
  tasks: ids,
  controls: z.array(z.string()),
  /** Corpora to train on. Empty: the training splits of the selected tasks. */
  corpora: z.array(z.string()),
  /** How often an epoch shows each pair of a corpus, by corpus id. Default 1. */
  mixture: z.record(z.string(), z.number().gt(0).max(1000)),
  /** Folder that holds the data sets. */
  dataRoot: z.string().min(1),
  /** Use generated phantoms in place of the data sets in `dataRoot`. */
  synthetic: z.boolean(),
  /** Skip rows and images that cannot be read, and log them, instead of failing. */
  skipBad: z.boolean(),
  backend: z.string().min(1),
  seeds: z.array(z.int().min(0)).min(1),
  encoders: z.strictObject({ image: z.string(), text: z.string() }),
  model: z.strictObject({
    embedDim: count,
    merges: z.int().min(0).max(48894).nullable(),
    activation: z.enum(['quick-gelu', 'gelu']),
  }),
  training,
  /** The general-domain weights, which methods that transfer start from. */
  general: z.strictObject({
    /** A safetensors file, a folder or a model on the hub. Null: the weights are trained with the settings below. */
    weights: z.string().min(1).nullable(),
    method: z.string(),
    corpus: z.string(),
    seed: z.int().min(0),
    steps: z.int().min(0),
    learningRate: z.number().gt(0),
  }),
  /**
   * Settings of the protocols, by section and name. They are checked against the installed protocols when the plan is
   * made. `split` is the split to measure on: the test split, or the validation split to choose settings by. A task
   * without a validation split uses a fixed tenth of its training split. With `val` the test split is never read.
   */
  evaluation: z.object({ split: z.enum(['test', 'val']) }).catchall(z.unknown()),
  /** Rows of embeddings that another tool made: a folder of `<task>/<array>.npy`, by row id. */
  embeddings: z.record(z.string().regex(/^[\w.:=-]+$/), z.string().min(1)),
  /** Cache the embeddings of the methods in the run folder. */
  keepEmbeddings: z.boolean(),
  /** Search for test images that also occur in the training data. */
  leaks: z.strictObject({
    check: z.boolean(),
    /** Number of corpus pairs, spread evenly, that are compared with the test images. 0: none. */
    corpusPairs: z.int().min(0),
  }),
  /** Settings of individual methods: `{ "clip-partial": { "freeze": 0.25 } }`. */
  methodSettings: pluginSettings,
  /** Settings of individual tasks: `{ "ham10000": { "split": "paper-like" } }`. */
  taskSettings: pluginSettings,
  /** Settings of individual corpora. */
  corpusSettings: pluginSettings,
});

/** The checked settings of a run. */
export type Config = z.infer<typeof configSchema>;

/** Default settings, for a machine with two cores and no GPU: small towers that train in minutes, not days. */
export const DEFAULTS: Config = {
  plugins: [],
  preset: null,
  methods: ['all'],
  tasks: ['all'],
  controls: ['all'],
  corpora: [],
  mixture: {},
  dataRoot: 'data',
  synthetic: false,
  skipBad: false,
  backend: 'auto',
  seeds: [0],
  encoders: { image: 'vit-demo', text: 'gpt-demo' },
  model: { embedDim: 64, merges: 8190, activation: 'quick-gelu' },
  training: {
    steps: 600,
    stopAt: null,
    batchSize: 64,
    chunkSize: null,
    learningRate: 1e-3,
    warmup: 50,
    weightDecay: 0.1,
    beta1: 0.9,
    beta2: 0.98,
    epsilon: 1e-6,
    clipNorm: 1,
    validation: { share: 0, batches: 8, every: 50, patience: null, keep: 'best' },
    cropScale: [0.9, 1],
    checkpointEvery: 100,
    logEvery: 10,
  },
  general: { weights: null, method: 'clip', corpus: 'shapes', seed: 0, steps: 500, learningRate: 1e-3 },
  evaluation: { split: 'test' },
  embeddings: {},
  keepEmbeddings: true,
  leaks: { check: true, corpusPairs: 20_000 },
  methodSettings: {},
  taskSettings: {},
  corpusSettings: {},
};
