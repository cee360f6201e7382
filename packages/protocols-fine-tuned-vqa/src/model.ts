import {
  type DualEncoderModel,
  type HostTensors,
  MedbenchError,
  type ParameterSpec,
  type TensorMap,
  type TensorSpec,
} from '@medbench/core';
import { adamax, initialise } from '@medbench/nn';
import { addPrefix, observeUpdates, type SupervisedStep, stripPrefix, supervisedStep } from '@medbench/training';
import * as tf from '@tensorflow/tfjs-core';
import {
  autoEncoderParameters,
  CODE_SIDE,
  codeParameters,
  decodePixels,
  encodePixels,
  makeCode,
} from './auto-encoder.js';
import {
  answerLoss,
  type BanMasks,
  type BanSizes,
  banMaskShapes,
  banParameters,
  classifyAnswers,
  fuse,
} from './ban.js';
import { fillLengths } from './layers.js';
import type { FineTunedVqaSettings } from './settings.js';

/** Prefixes of parameters beside those of the towers, and of the masks among the inputs. */
const HEAD = 'answer.';
const AUTO_ENCODER = 'auto-encoder.';
const MASK = 'mask/';

/** Inputs of a step by what they hold. The towers read `images` and `ids`; their outputs stand in for them. */
export const INPUT = {
  /** `[B, H, W, 3]` */
  images: 'images',
  /** `[B, T]` int32 */
  ids: 'ids',
  /** `[B, D]`, the image embeddings of frozen towers */
  embedding: 'embedding',
  /** `[B, T, D]`, the word embeddings of frozen towers */
  words: 'words',
  /** `[B, 128, 128, 1]` in [0, 1] */
  pixels: 'pixels',
  /** `[B, answers]` in [0, 1] */
  targets: 'targets',
} as const;

/** Sizes of the whole model. */
export interface AnswerModelOptions {
  readonly model: DualEncoderModel;
  readonly settings: FineTunedVqaSettings;
  readonly answers: number;
  readonly batch: number;
  /** Positions of the text tower's output. It may have one less than there are places: see `ForwardOptions.appended`. */
  readonly places: number;
}

/** A model that answers questions: two towers or their outputs, the auto-encoder, the attention, the classifier. */
export interface AnswerModel {
  readonly step: SupervisedStep;
  /** Specs of the inputs that the answers depend on, for a batch. */
  readonly inputs: Readonly<Record<string, TensorSpec>>;
  /** Specs of the masks of dropout, with the share that each drops. */
  readonly masks: Readonly<Record<string, { readonly spec: TensorSpec; readonly rate: number }>>;
  /**
   * Parameter values before the first step.
   * @param towers those of the towers; not read if they are frozen.
   * @param autoEncoder start weights of the auto-encoder; drawn if undefined.
   */
  start(seed: number, towers: HostTensors, autoEncoder: HostTensors | undefined): HostTensors;
  /** Logits `[B, answers]` without dropout. */
  readonly predictor: ReturnType<SupervisedStep['reader']>;
}

const float = (...shape: number[]): TensorSpec => ({ shape, dtype: 'float32' });

/** The image embedding `[B, D]` and the word embeddings `[B, T, D]` of the towers. */
export function runTowers(
  model: DualEncoderModel,
  parameters: TensorMap,
  { images, ids }: { readonly images?: tf.Tensor; readonly ids?: tf.Tensor },
): { embedding?: tf.Tensor2D; words?: tf.Tensor3D } {
  const embedding = images && model.encodeImage(parameters, images as tf.Tensor4D).embedding;
  const words = ids && model.encodeText(parameters, ids as tf.Tensor2D).tokenEmbeddings;
  if (ids && !words) {
    throw new MedbenchError('config', `The text encoder ${model.text.id} gives no embeddings of its tokens`, {
      hint: 'Leave evaluation.fineTunedVqa.head=none, or choose an encoder that gives tokenEmbeddings.',
    });
  }
  return { ...(embedding ? { embedding } : {}), ...(words ? { words } : {}) };
}

/** Builds the model and its training step. */
export function answerModel({ model, settings, answers, batch, places }: AnswerModelOptions): AnswerModel {
  const { train, glimpses, autoEncoder } = settings;
  const width = model.embedDim;
  const hidden = settings.hidden === 'auto' ? width : settings.hidden;
  const sizes: BanSizes = { image: autoEncoder ? width + hidden : width, words: width, hidden, glimpses, answers };
  const headSpecs: ParameterSpec[] = [
    ...banParameters(sizes),
    ...(autoEncoder
      ? [...autoEncoderParameters, ...codeParameters(hidden)].map((spec) => ({
          ...spec,
          name: AUTO_ENCODER + spec.name,
        }))
      : []),
  ].map((spec) => ({ ...spec, name: HEAD + spec.name }));
  const side = model.image.imageSize;
  const inputs: Record<string, TensorSpec> = {
    ...(train === 'all'
      ? {
          [INPUT.images]: float(batch, side, side, 3),
          [INPUT.ids]: { shape: [batch, model.text.contextLength], dtype: 'int32' },
        }
      : { [INPUT.embedding]: float(batch, width), [INPUT.words]: float(batch, places, width) }),
    ...(autoEncoder ? { [INPUT.pixels]: float(batch, CODE_SIDE, CODE_SIDE, 1) } : {}),
  };
  const masks = Object.fromEntries(
    Object.entries(banMaskShapes(sizes, { batch, regions: 1, places })).map(([name, { shape, late }]) => [
      MASK + name,
      { spec: float(...shape), rate: late ? settings.dropoutLate : settings.dropout },
    ]),
  );
  /** The towers' outputs, from the towers or from the inputs. */
  const represent = (towers: DualEncoderModel, parameters: TensorMap, given: TensorMap) =>
    train === 'all'
      ? runTowers(towers, parameters, { images: given[INPUT.images]!, ids: given[INPUT.ids]! })
      : { embedding: given[INPUT.embedding] as tf.Tensor2D, words: given[INPUT.words] as tf.Tensor3D };
  const answer = (towers: DualEncoderModel, parameters: TensorMap, given: TensorMap) => {
    const head = stripPrefix(HEAD, parameters);
    const { embedding, words } = represent(towers, parameters, given) as Required<ReturnType<typeof runTowers>>;
    const coder = stripPrefix(AUTO_ENCODER, head);
    const inner = autoEncoder ? encodePixels(coder, given[INPUT.pixels] as tf.Tensor4D) : undefined;
    const seen = inner ? tf.concat([embedding, makeCode(coder, inner)], 1) : embedding;
    const dropout = fitMasks(stripPrefix(MASK, given), words.shape[1]);
    const fused = fuse(head, tf.expandDims(seen, 1), words, dropout);
    return { logits: classifyAnswers(head, fused, dropout), inner, coder };
  };
  const step = supervisedStep({
    name: `answer:${train}`,
    parameters: train === 'all' ? [...model.parameters, ...headSpecs] : headSpecs,
    frozen: new Set(['logit_scale']),
    inputs: {
      ...inputs,
      [INPUT.targets]: float(batch, answers),
      ...Object.fromEntries(Object.entries(masks).map(([name, { spec }]) => [name, spec])),
    },
    optimizer: adamax,
    clipNorm: settings.clipNorm === 0 ? null : settings.clipNorm,
    loss(parameters, given) {
      const observed = observeUpdates(model, new Set());
      const { logits, inner, coder } = answer(observed.model, parameters, given);
      const answers = answerLoss(logits, given[INPUT.targets] as tf.Tensor2D);
      if (!inner) return { loss: answers, updates: observed.updates };
      const error = tf.sub(decodePixels(coder, inner), given[INPUT.pixels]!);
      const reconstruction = tf.mean(tf.square(error)) as tf.Scalar;
      // The study divides the sum of both by the batch size.
      const loss = tf.add(answers, tf.mul(reconstruction, settings.reconstruction / batch)) as tf.Scalar;
      return { loss, terms: { answers, reconstruction }, updates: observed.updates };
    },
  });
  return {
    step,
    inputs,
    masks,
    start(seed, towers, weights) {
      const drawn = fillLengths(initialise(headSpecs, seed));
      return {
        ...(train === 'all' ? towers : {}),
        ...drawn,
        ...(autoEncoder && weights ? addPrefix(HEAD + AUTO_ENCODER, weights) : {}),
      };
    },
    predictor: step.reader(`answer:${train}:predict`, inputs, (parameters, given) => ({
      logits: answer(model, parameters, given).logits,
    })),
  };
}

/** Cuts the masks of words to the positions that the text tower gives. */
function fitMasks(masks: TensorMap, places: number): BanMasks {
  return Object.fromEntries(
    Object.entries(masks).map(([name, mask]) =>
      mask.rank === 3 && name.endsWith('Words')
        ? [name, tf.slice(mask as tf.Tensor3D, [0, 0, 0], [mask.shape[0]!, places, mask.shape[2]!])]
        : [name, mask],
    ),
  );
}
