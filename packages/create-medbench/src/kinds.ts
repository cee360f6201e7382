/** A kind of folder that can be created, and how it differs from the others. */
export interface Kind {
  /** One line for help and prompts. */
  readonly summary: string;
  /** What the example in the folder is, and what its author replaces. */
  readonly example: string;
  /** Packages that the code imports at run time, beside `@medbench/core`. They become peers, like core. */
  readonly peers: readonly string[];
  /** Packages that only the tests import. */
  readonly testPackages: readonly string[];
  /** Contents of `medbench.config.json`, with which `medbench run` tries the plugin in its own folder. */
  readonly config: (id: string) => object;
  /** What `npx medbench run` shows in the folder. */
  readonly trial: string;
  /** The command that uses the published package. */
  readonly use: (id: string) => string;
}

const TFJS = '@tensorflow/tfjs-core';
const CHECK = '@medbench/plugin-check';
/** Settings of a training that takes seconds. */
const SHORT = { training: { steps: 60, warmup: 6 }, general: { steps: 60 } };

/** The kinds of plugin, in the order of the help. */
export const PLUGIN_KINDS = {
  method: {
    summary: 'a pre-training method: a row of the table',
    example: 'The example is the contrast of CLIP with smoothed targets. Replace the loss in `objective`.',
    peers: [TFJS],
    testPackages: [CHECK],
    config: (id) => ({
      preset: 'demo',
      methods: ['clip', id],
      tasks: ['phantom-local', 'phantom-retrieval'],
      ...SHORT,
    }),
    trial: 'trains it and CLIP on generated images, and prints the table',
    use: () => 'npx medbench run --methods all --preset demo',
  },
  objective: {
    summary: 'a loss that any method may add to its sum',
    example: 'The example pulls the two embeddings of a pair together. Replace the loss in `loss`.',
    peers: [TFJS],
    testPackages: [CHECK],
    config: (id) => ({
      preset: 'demo',
      methods: ['clip', `sum:clip=1:${id}=1`],
      tasks: ['phantom-local', 'phantom-retrieval'],
      ...SHORT,
    }),
    trial: 'trains CLIP with and without it on generated images, and prints the table',
    use: (id) => `npx medbench run --methods clip,sum:clip=1:${id}=0.5 --preset demo`,
  },
  task: {
    summary: 'labelled images to measure on: a column of the table',
    example:
      'The example has images of two classes in `example-data`. Replace the classes and the data; other layouts (tables, ' +
      'archives, retrieval, questions) have readers in `@medbench/task-kit` and `@medbench/formats`.',
    peers: ['@medbench/task-kit'],
    testPackages: [CHECK, '@medbench/api'],
    config: (id) => ({
      dataRoot: './example-data',
      methods: ['clip-scratch'],
      tasks: [id],
      training: { steps: 30, warmup: 3, batchSize: 8 },
    }),
    trial: 'trains on the captions of its training split, measures on its test split, and prints the table',
    use: (id) => `npx medbench run --methods all --tasks ${id} --data ./data`,
  },
  corpus: {
    summary: 'images with captions to train on',
    example:
      'The example reads the table `example-data/…/captions.csv`. Replace the columns and the data; archives of pairs ' +
      '(webdataset, parquet) have readers in `@medbench/formats`.',
    peers: ['@medbench/corpus-kit'],
    testPackages: [CHECK],
    config: (id) => ({
      dataRoot: './example-data',
      corpora: [id],
      methods: ['clip-scratch'],
      tasks: ['phantom-retrieval'],
      training: { steps: 30, warmup: 3, batchSize: 8 },
    }),
    trial: 'trains on its pairs, measures on generated images, and prints the table',
    use: (id) => `npx medbench run --methods all --tasks vqa-rad --data ./data --set 'corpora=["${id}"]'`,
  },
  encoder: {
    summary: 'an image or text tower',
    example: 'The example is an image tower of three convolutions. Replace the parameters and `forward`.',
    peers: ['@medbench/nn', TFJS],
    testPackages: [CHECK],
    config: (id) => ({
      preset: 'demo',
      encoders: { image: id },
      methods: ['clip-scratch'],
      tasks: ['phantom-local', 'phantom-retrieval'],
      ...SHORT,
    }),
    trial: 'trains it on generated images, and prints the table',
    use: (id) => `npx medbench run --methods all --preset demo --set encoders.image=${id}`,
  },
  protocol: {
    summary: 'a measurement of frozen embeddings',
    example: 'The example classifies by the nearest class mean. Replace the measurement in `measure`.',
    peers: ['@medbench/evaluation'],
    testPackages: [CHECK],
    config: () => ({ preset: 'demo', methods: ['clip-scratch'], tasks: ['phantom-local'], ...SHORT }),
    trial: 'trains CLIP on generated images, and prints the table with its column',
    use: () => 'npx medbench run --methods all --preset demo',
  },
  control: {
    summary: 'a row that no method trained and that every method should beat',
    example: 'The example sees only how bright an image is. Replace the features in `model`.',
    peers: [],
    testPackages: [CHECK],
    config: (id) => ({
      preset: 'demo',
      methods: ['clip-scratch'],
      controls: ['chance', id],
      tasks: ['phantom-local'],
      ...SHORT,
    }),
    trial: 'trains CLIP on generated images, and prints the table with its row',
    use: () => 'npx medbench run --methods all --preset demo',
  },
} as const satisfies Readonly<Record<string, Kind>>;

/** A kind of plugin that can be created. */
export type PluginFolderKind = keyof typeof PLUGIN_KINDS;
/** A kind of folder that can be created. */
export type FolderKind = PluginFolderKind | 'study';

/** All kinds with a line for help and prompts. */
export const KINDS: Readonly<Record<FolderKind, string>> = {
  ...(Object.fromEntries(Object.entries(PLUGIN_KINDS).map(([kind, { summary }]) => [kind, summary])) as Record<
    PluginFolderKind,
    string
  >),
  study: 'a project with its own rows, tasks, seeds and questions',
};
