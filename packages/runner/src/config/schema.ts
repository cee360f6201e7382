import { CLIP_PREPROCESSING, firstRepeated } from '@medbench/core';
import { z } from 'zod';

const ids = (description: string) =>
  z
    .union([z.string(), z.array(z.string())])
    .transform((value) => (Array.isArray(value) ? value : [value]))
    .describe(description);
/** A list in which a value that occurs twice is an error, because it would count twice in the figures. */
const distinct = <T extends z.ZodArray>(list: T, hint: string): T =>
  list.superRefine((values, { addIssue }) => {
    const repeated = firstRepeated(values as readonly unknown[]);
    if (repeated !== undefined) addIssue({ code: 'custom', message: `holds ${repeated} twice: ${hint}` });
  });
const count = z.int().min(1);
const fraction = z.number().gt(0).max(1);

/** Settings of individual plugins, by plugin id and setting name. */
const settingValue = z.union([z.string(), z.number(), z.boolean(), z.array(z.number())]);
const pluginSettings = z.record(z.string(), z.record(z.string(), settingValue));

const validationLoss = z.enum(['own', 'clip']);

const channels = z.tuple([z.number(), z.number(), z.number()]);
const deviation = z.number().gt(0);
const preprocessing = z.strictObject({
  mean: channels.default([...CLIP_PREPROCESSING.mean]).describe('Mean of each channel, in [0, 1].'),
  std: z
    .tuple([deviation, deviation, deviation])
    .default([...CLIP_PREPROCESSING.std])
    .describe('Standard deviation of each channel, in [0, 1].'),
  interpolation: z.enum(['bicubic', 'bilinear']).default('bicubic').describe('Kernel of the resizing.'),
  resize: z
    .enum(['shortest', 'squash'])
    .default('shortest')
    .describe('shortest: the shorter side is resized. squash: both sides are.'),
  crop: fraction
    .default(1)
    .describe('Share of the resized side that the centre crop keeps. The side is resized to floor(size / crop).'),
});

const training = z
  .strictObject({
    steps: z.int().min(0).describe('Number of optimizer steps.'),
    stopAt: count.nullable().describe('Stop after this step; a later run continues from it. Null: train to the end.'),
    batchSize: z.int().min(2).describe('Pairs per step. Each pair is contrasted with all others of its batch.'),
    chunkSize: count
      .nullable()
      .describe('Pairs in memory at once, which must divide the batch. Null: as many as the memory allows.'),
    learningRate: z.number().gt(0).describe('Peak of the learning rate, after the warm-up.'),
    warmup: z.int().min(0).describe('Steps in which the learning rate rises to its peak. It then falls as a cosine.'),
    weightDecay: z.number().min(0).describe('Weight decay of AdamW.'),
    decay: z
      .enum(['current', 'historic'])
      .describe(
        "What decays, by open_clip's rules. current: matrices, but no position tables. historic: position tables too, as " +
          'in the study.',
      ),
    precision: z
      .enum(['float32', 'tf32', 'bfloat16'])
      .describe(
        'Arithmetic of matrix products and convolutions in training, on backends that can choose (xla-cuda). float32: full. ' +
          'tf32: factors rounded to 10 bits, on a GPU. bfloat16: products with weights in bfloat16; weights, sums, norms ' +
          'and the loss in float32.',
      ),
    devices: count.describe(
      'Devices that divide each batch, on backends that have several (xla-cuda). It must divide batchSize and chunkSize. ' +
        'Each device has the whole model; negatives and batch norms are those of the whole batch.',
    ),
    beta1: z.number().min(0).lt(1).describe('Decay of the first moment of AdamW.'),
    beta2: z.number().min(0).lt(1).describe('Decay of the second moment of AdamW.'),
    epsilon: z.number().gt(0).describe('Added to the denominator of AdamW.'),
    clipNorm: z.number().gt(0).nullable().describe('Largest norm of the gradient. Null: no limit.'),
    validation: z
      .strictObject({
        corpus: z
          .string()
          .min(1)
          .nullable()
          .describe(
            'Corpus to validate on, with settings as pmc-oa:split=valid. All its pairs are measured, in its order; the ' +
              'last batch may be smaller. Null: a share of the training pairs.',
          ),
        share: z
          .number()
          .min(0)
          .max(0.5)
          .describe(
            'Share of the training pairs that is held out. 0: none, and no validation without a corpus. With a corpus, ' +
              'none is held out.',
          ),
        batches: count.nullable().describe('Largest number of batches that one validation measures. Null: all.'),
        batchSize: z
          .int()
          .min(2)
          .nullable()
          .describe('Pairs of a validation batch, among which each is contrasted. Null: training.batchSize.'),
        loss: validationLoss.describe(
          "own: the method's loss. clip: CLIP's loss of the joint embeddings on whole images, at the towers' logit " +
            'scale, which makes rows comparable; a method without that scale leaves it as it started.',
        ),
        lossOf: z
          .record(z.string(), validationLoss)
          .describe('The loss for the rows of single methods, by method id, in place of training.validation.loss.'),
        every: z
          .union([count, z.literal('epoch')])
          .describe('Steps between two validations. epoch: the full batches of one pass over the training pairs.'),
        patience: count
          .nullable()
          .describe('Stop when the validation loss has not improved this many times in a row. Null: never.'),
        keep: z.enum(['last', 'best']).describe('Which weights to keep: the last ones, or those with the lowest loss.'),
      })
      .describe('Pairs on which the loss is measured during training, and which weights it keeps.'),
    cropScale: z
      .tuple([fraction, fraction])
      .describe('Smallest and largest share of the area that a resized crop of a training image shows.'),
    crop: z
      .strictObject({
        kind: z
          .enum(['resized', 'fixed'])
          .describe(
            'resized: a random part (cropScale), resized to the image size, as open_clip. fixed: the shorter side is ' +
              'resized to side, enlarging too, and a random part of the image size is cut out, as in the study.',
          ),
        side: count.describe(
          'Shorter side of fixed, in pixels, for an image size of 224. It scales with the image size of the encoder.',
        ),
      })
      .describe('How training images are cropped.'),
    checkpointEvery: count.describe('Steps between two checkpoints, from which an interrupted training resumes.'),
    logEvery: count.describe('Steps between two lines of the log.'),
  })
  .describe('How each method is trained.');

/** All settings of a run, with their bounds. An unknown key is an error. */
export const configSchema = z
  .strictObject({
    plugins: z
      .array(z.string())
      .describe('Plugin packages or folders, in addition to the dependencies that carry the keyword medbench-plugin.'),
    preset: z
      .string()
      .nullable()
      .describe(
        'A bundle of settings, which this file overrides, or several separated by commas, of which later ones override ' +
          'earlier ones (medbench list presets).',
      ),
    methods: ids('Rows: all, ids, id:setting=value,value for one row per value, sum:clip=1:captioning=2 for a sum.'),
    tasks: ids('Columns: all, ids, or the id of a preset for the tasks that it names (medbench list tasks).'),
    controls: z.array(z.string()).describe('Rows that no method trained: all, or ids (medbench list controls).'),
    corpora: distinct(z.array(z.string()), 'to show its pairs more often, set mixture').describe(
      'Corpora to train on. Empty: the training splits of the selected tasks (medbench list corpora).',
    ),
    mixture: z
      .record(z.string(), z.number().gt(0).max(1000))
      .describe('How often an epoch shows each pair of a corpus, by corpus id. Default 1.'),
    dataRoot: z.string().min(1).describe('Folder that holds the data sets.'),
    synthetic: z.boolean().describe('Use generated phantoms in place of the data sets in dataRoot.'),
    skipBad: z
      .boolean()
      .describe('Skip rows and images that cannot be read, and list them in skipped.json, instead of failing.'),
    backend: z.string().min(1).describe('auto, or the id of a backend (medbench list backends).'),
    threads: count.describe('Threads of one training or measurement. Another number may round sums differently.'),
    seeds: distinct(z.array(z.int().min(0)).min(1), 'a seed gives the same training each time').describe(
      'Every method is trained once for each seed.',
    ),
    encoders: z
      .strictObject({
        image: z.string().describe('Id of the image encoder.'),
        text: z.string().describe('Id of the text encoder.'),
      })
      .describe('The two towers of every method (medbench list encoders).'),
    model: z
      .strictObject({
        embedDim: count.describe('Width of the joint space of images and texts.'),
        merges: z
          .int()
          .min(0)
          .max(48894)
          .nullable()
          .describe(
            "Number of merges of CLIP's tokenizer, which decides the size of its vocabulary. Null: all of them.",
          ),
        vocabulary: z
          .string()
          .min(1)
          .nullable()
          .describe(
            'Vocabulary of a text encoder that reads word pieces: vocab.txt, tokenizer.json, their folder, or a model on the ' +
              "hub. Null: the demo's small one, for encoders that take it.",
          ),
        contextLength: z
          .int()
          .min(2)
          .nullable()
          .describe("Number of token positions of a text; longer ones are cut. Null: the text encoder's own."),
        activation: z.enum(['quick-gelu', 'gelu']).describe("Activation of the transformers' blocks."),
        preprocessing: preprocessing
          .nullable()
          .describe(
            'How images become the input of the image encoder, for all rows. What is left out is as in CLIP. Null: as the ' +
              'configuration of general.image or general.weights says, else as the image encoder declares, else as in CLIP. Crops of ' +
              'training images keep their own geometry (training.crop).',
          ),
      })
      .describe('Sizes that both towers share.'),
    training,
    general: z
      .strictObject({
        weights: z
          .string()
          .min(1)
          .nullable()
          .describe('A safetensors file, a folder or a model on the hub. Null: train them with the settings below.'),
        image: z
          .string()
          .min(1)
          .nullable()
          .describe(
            'Weights of the image tower alone, which replace it in those above: a safetensors file, a folder or a model on the ' +
              'hub, such as one of timm. Null: none.',
          ),
        text: z
          .string()
          .min(1)
          .nullable()
          .describe(
            'Weights of the text tower alone, which replace it: a BERT of the hub, a folder or a file. What it lacks, the ' +
              'projection, is drawn. Null: none.',
          ),
        method: z.string().describe('Method that trains the weights.'),
        corpus: z.string().describe('Corpus of the general domain.'),
        seed: z.int().min(0).describe('Seed of the training.'),
        steps: z.int().min(0).describe('Number of optimizer steps.'),
        learningRate: z.number().gt(0).describe('Peak of the learning rate.'),
      })
      .describe('The general-domain weights, which methods that transfer start from.'),
    evaluation: z
      .object({
        split: z
          .enum(['test', 'val'])
          .describe(
            'Split to measure on: the test split, or the validation split to choose settings by. A task without a ' +
              'validation split uses a fixed tenth of its training split. With val the test split is never read.',
          ),
        activation: z
          .enum(['same', 'gelu'])
          .describe(
            'Activation of the towers while tasks are measured. same: that of the training (model.activation). gelu: ' +
              'the exact GELU, even if the training used QuickGELU, as the study did in all rows but FILIP and CoCa.',
          ),
        activationOf: z
          .record(z.string(), z.enum(['same', 'gelu']))
          .describe('The activation for the rows of single methods, by method id, in place of evaluation.activation.'),
      })
      .catchall(z.unknown())
      .describe(
        'Settings of the protocols, by section and name, such as { "probe": { "shots": 16 } }. They are checked ' +
          'against the installed protocols when the plan is made.',
      ),
    embeddings: z
      .record(z.string().regex(/^[\w.:=-]+$/), z.string().min(1))
      .describe('Rows of embeddings that another tool made: a folder of <task>/<array>.npy, by row id.'),
    keepEmbeddings: z.boolean().describe('Cache the embeddings of the methods in the run folder.'),
    leaks: z
      .strictObject({
        check: z.boolean().describe('Whether to search.'),
        corpusPairs: z
          .int()
          .min(0)
          .describe('Number of corpus pairs, spread evenly, that are compared with the test images. 0: none.'),
      })
      .describe('Search for test images that also occur in the training data.'),
    methodSettings: pluginSettings.describe('Settings of methods: { "clip-partial": { "freeze": 0.25 } }.'),
    taskSettings: pluginSettings.describe('Settings of tasks: { "ham10000": { "split": "paper-like" } }.'),
    corpusSettings: pluginSettings.describe('Settings of corpora, by corpus id.'),
    launcher: pluginSettings.describe(
      'Settings of launchers, by launcher id (medbench list launchers). They change where a run computes, not what, and are ' +
        'not part of the results.',
    ),
    trackers: distinct(z.array(z.string()), 'a tracker is fed once').describe(
      'Where the curves and figures of the run are shown too: ids (medbench list trackers). Not part of the results.',
    ),
    tracker: pluginSettings.describe(
      'Settings of trackers, by tracker id. They are kept in the run folder; secrets are environment variables.',
    ),
  })
  .describe('Settings of a medbench run. All are optional.');

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
  // Small towers gain nothing from a second thread; rows and seeds run in parallel processes instead.
  threads: 1,
  seeds: [0],
  encoders: { image: 'vit-demo', text: 'gpt-demo' },
  model: {
    ...{ embedDim: 64, merges: 8190, vocabulary: null, contextLength: null },
    ...{ activation: 'quick-gelu', preprocessing: null },
  },
  training: {
    steps: 600,
    stopAt: null,
    batchSize: 64,
    chunkSize: null,
    learningRate: 1e-3,
    warmup: 50,
    weightDecay: 0.1,
    decay: 'current',
    precision: 'float32',
    devices: 1,
    beta1: 0.9,
    beta2: 0.98,
    epsilon: 1e-6,
    clipNorm: 1,
    validation: {
      ...{ corpus: null, share: 0, batches: 8, batchSize: null, loss: 'own', lossOf: {} },
      ...{ every: 50, patience: null, keep: 'best' },
    },
    cropScale: [0.9, 1],
    crop: { kind: 'resized', side: 512 },
    checkpointEvery: 100,
    logEvery: 10,
  },
  general: {
    ...{ weights: null, image: null, text: null },
    ...{ method: 'clip', corpus: 'shapes', seed: 0, steps: 500, learningRate: 1e-3 },
  },
  evaluation: { split: 'test', activation: 'same', activationOf: {} },
  embeddings: {},
  keepEmbeddings: true,
  leaks: { check: true, corpusPairs: 20_000 },
  methodSettings: {},
  taskSettings: {},
  corpusSettings: {},
  launcher: {},
  trackers: [],
  tracker: {},
};
