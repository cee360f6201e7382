import type { ParameterSpec, TensorMap } from '@medbench/core';
import { normal } from '@medbench/nn';
import * as tf from '@tensorflow/tfjs-core';
import { dropped, normedLinear, normedLinearParameters, weightNormed, weightNormParameters } from './layers.js';

/** Sizes of the bilinear attention head. */
export interface BanSizes {
  /** Width of an image region. */
  readonly image: number;
  /** Width of a word. */
  readonly words: number;
  readonly hidden: number;
  readonly glimpses: number;
  readonly answers: number;
}

/** Factor by which the attention is wider than `hidden`. */
const RANK = 3;

/** Names of the head's parameters, those of the study's code. `attention` and `q_prj` have a layer `main.1`. */
const NAMES = {
  imageAttention: 'attention.logits.v_net.main.1',
  wordAttention: 'attention.logits.q_net.main.1',
  maps: 'attention.logits.h_mat',
  mapBias: 'attention.logits.h_bias',
  imageJoin: (glimpse: number) => `b_net.${glimpse}.v_net.main.1`,
  wordJoin: (glimpse: number) => `b_net.${glimpse}.q_net.main.1`,
  toWords: (glimpse: number) => `q_prj.${glimpse}.main.1`,
  classifier: ['classifier.0', 'classifier.2'],
} as const;

/** Parameters of the head. Linear layers start as PyTorch's; the attention maps and their bias are drawn from N(0, 1). */
export function banParameters({ image, words, hidden, glimpses, answers }: BanSizes): ParameterSpec[] {
  const [first, second] = NAMES.classifier;
  return [
    ...normedLinearParameters(NAMES.imageAttention, image, hidden * RANK),
    ...normedLinearParameters(NAMES.wordAttention, words, hidden * RANK),
    ...weightNormParameters(NAMES.maps, [1, glimpses, 1, hidden * RANK], normal(1)),
    { name: NAMES.mapBias, shape: [1, glimpses, 1, 1], init: normal(1) },
    ...Array.from({ length: glimpses }, (_, glimpse) => [
      ...normedLinearParameters(NAMES.imageJoin(glimpse), image, hidden),
      ...normedLinearParameters(NAMES.wordJoin(glimpse), words, hidden),
      ...normedLinearParameters(NAMES.toWords(glimpse), hidden, words),
    ]).flat(),
    ...normedLinearParameters(first, words, 2 * words),
    ...normedLinearParameters(second, 2 * words, answers),
  ];
}

/** Masks of dropout for one batch; see `dropped`. Without a mask nothing is dropped. */
export type BanMasks = Readonly<Partial<Record<keyof ReturnType<typeof banMaskShapes>, tf.Tensor>>>;

/** Shapes of the masks, and which of the two dropout rates each has. */
export const banMaskShapes = (
  { image, words, hidden }: BanSizes,
  { batch, regions, places }: { readonly batch: number; readonly regions: number; readonly places: number },
) =>
  ({
    attentionImage: { shape: [batch, regions, image], late: false },
    attentionWords: { shape: [batch, places, words], late: false },
    attended: { shape: [batch, regions, hidden * RANK], late: true },
    joinImage: { shape: [batch, regions, image], late: false },
    joinWords: { shape: [batch, places, words], late: false },
    toWords: { shape: [batch, hidden], late: false },
    classifier: { shape: [batch, 2 * words], late: true },
  }) as const;

/**
 * Bilinear attention maps (arXiv:1805.07932, section 3): a softmax over all pairs of a region and a word.
 * @param image regions `[B, R, V]`. @param words `[B, T, Q]`. @returns `[B, G, R, T]`.
 */
export function bilinearAttention(
  parameters: TensorMap,
  image: tf.Tensor3D,
  words: tf.Tensor3D,
  masks: BanMasks = {},
): tf.Tensor4D {
  const v = tf.relu(normedLinear(parameters, NAMES.imageAttention, dropped(image, masks.attentionImage)));
  const q = tf.relu(normedLinear(parameters, NAMES.wordAttention, dropped(words, masks.attentionWords)));
  const maps = weightNormed(parameters, NAMES.maps);
  const glimpses = maps.shape[1]!;
  const [batch, regions, width] = v.shape;
  const places = q.shape[1];
  const seen = tf.mul(tf.expandDims(dropped(v, masks.attended), 1), maps);
  const products = tf.matMul(tf.reshape(seen, [batch, glimpses * regions, width]), q, false, true);
  const logits = tf.add(tf.reshape(products, [batch, glimpses, regions, places]), parameters[NAMES.mapBias]!);
  const weights = tf.softmax(tf.reshape(logits, [batch, glimpses, regions * places]));
  return tf.reshape(weights, [batch, glimpses, regions, places]);
}

/**
 * Joins image and words under the attention map of one glimpse: Σ over regions and words of a · v ⊙ q.
 * @param attention `[B, G, R, T]`. @returns `[B, hidden]`.
 */
export function bilinearJoin(
  parameters: TensorMap,
  image: tf.Tensor3D,
  words: tf.Tensor3D,
  attention: tf.Tensor4D,
  glimpse: number,
  masks: BanMasks = {},
): tf.Tensor2D {
  const v = tf.relu(normedLinear(parameters, NAMES.imageJoin(glimpse), dropped(image, masks.joinImage)));
  const q = tf.relu(normedLinear(parameters, NAMES.wordJoin(glimpse), dropped(words, masks.joinWords)));
  const [batch, , regions, places] = attention.shape;
  const map = tf.reshape(tf.slice(attention, [0, glimpse, 0, 0], [batch, 1, regions, places]), [
    batch,
    regions,
    places,
  ]);
  return tf.sum(tf.mul(v, tf.matMul(map, q)), 1);
}

/**
 * The study's fusion: each word plus a map of the joined vector of the **last** glimpse, summed over the words. In the
 * original (arXiv:1805.07932, equation 9) each glimpse adds to the words that the next one reads; in the study's code
 * every glimpse reads the words themselves, and the last one alone is returned. So the others are not computed.
 * @returns `[B, Q]`.
 */
export function fuse(parameters: TensorMap, image: tf.Tensor3D, words: tf.Tensor3D, masks: BanMasks = {}): tf.Tensor2D {
  const attention = bilinearAttention(parameters, image, words, masks);
  const last = attention.shape[1] - 1;
  const joined = bilinearJoin(parameters, image, words, attention, last, masks);
  const mapped = normedLinear(parameters, NAMES.toWords(last), dropped(joined, masks.toWords));
  return tf.sum(tf.add(words, tf.expandDims(mapped, 1)), 1);
}

/** The classifier of the answers: linear, ReLU, dropout, linear. @param fused `[B, Q]`. @returns logits `[B, answers]`. */
export function classifyAnswers(parameters: TensorMap, fused: tf.Tensor2D, masks: BanMasks = {}): tf.Tensor2D {
  const [first, second] = NAMES.classifier;
  const hidden = tf.relu(normedLinear(parameters, first, fused));
  return normedLinear(parameters, second, dropped(hidden, masks.classifier));
}

/**
 * Binary cross-entropy of logits with soft targets, summed over answers and examples, divided by the number of
 * examples. It is computed as max(x, 0) - x t + ln(1 + e^-|x|), which does not overflow.
 * @param logits `[B, A]`. @param targets `[B, A]` in [0, 1].
 */
export function answerLoss(logits: tf.Tensor2D, targets: tf.Tensor2D): tf.Scalar {
  const terms = tf.add(tf.sub(tf.relu(logits), tf.mul(logits, targets)), tf.softplus(tf.neg(tf.abs(logits))));
  return tf.div(tf.sum(terms), logits.shape[0]) as tf.Scalar;
}
