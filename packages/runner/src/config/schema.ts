import { z } from 'zod';

const ids = z.union([z.string(), z.array(z.string())]).transform((value) => (Array.isArray(value) ? value : [value]));
const count = z.int().min(1);
const fraction = z.number().gt(0).max(1);

/** Settings of single plugins, by id and name. */
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

/** Every setting of a run, with its bounds. Strict: a key that is not here is an error. */
export const configSchema = z.strictObject({
  /** Plugin packages or paths, beside those found by keyword. */
  plugins: z.array(z.string()),
  preset: z.string().nullable(),
  methods: ids,
  tasks: ids,
  controls: z.array(z.string()),
  /** Medical corpora to train on; empty: the training splits of the selected tasks. */
  corpora: z.array(z.string()),
  /** How often an epoch shows each pair of a corpus, by id; 1 where nothing is said. */
  mixture: z.record(z.string(), z.number().gt(0).max(1000)),
  /** Folder that holds the data sets. */
  dataRoot: z.string().min(1),
  /** Take generated phantoms in place of the data sets in `dataRoot`. */
  synthetic: z.boolean(),
  /** Leave out rows and images that cannot be read, counted and listed in the log, instead of refusing them. */
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
  /** The general-domain weights, from which transfer starts. */
  general: z.strictObject({
    /** A safetensors file, a folder or a model on the hub; null: they are trained, as the settings below say. */
    weights: z.string().min(1).nullable(),
    method: z.string(),
    corpus: z.string(),
    seed: z.int().min(0),
    steps: z.int().min(0),
    learningRate: z.number().gt(0),
  }),
  /**
   * How the protocols are carried out: settings by section and name, checked against the protocols that are installed when
   * the plan is made. `split`: what is measured on, the test split, or the validation split (a fixed tenth of the training
   * split where there is none), by which settings are chosen. The test split is then not read.
   */
  evaluation: z.object({ split: z.enum(['test', 'val']) }).catchall(z.unknown()),
  /** Rows made of embeddings from elsewhere: a folder of `<task>/<array>.npy`, by the row's id. */
  embeddings: z.record(z.string().regex(/^[\w.:=-]+$/), z.string().min(1)),
  /** Keep what the methods' towers embed in the run folder, and take it from there. */
  keepEmbeddings: z.boolean(),
  /** Search for test images that training has seen. */
  leaks: z.strictObject({
    check: z.boolean(),
    /** Pairs of the corpora that are compared with the test images, spread evenly; 0: none. */
    corpusPairs: z.int().min(0),
  }),
  /** Settings of single methods: `{ "clip-partial": { "freeze": 0.25 } }`. */
  methodSettings: pluginSettings,
  /** Of single tasks: `{ "ham10000": { "split": "paper-like" } }`. */
  taskSettings: pluginSettings,
  /** Of single corpora. */
  corpusSettings: pluginSettings,
});

export type Config = z.infer<typeof configSchema>;

/** Settings for this kind of machine (two cores, no GPU): small towers, minutes rather than days. */
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
