import * as tf from '@tensorflow/tfjs-core';
import {
  captioningLoss,
  cyclipTerms,
  filipTerms,
  gloriaTerms,
  infoNce,
  infoNceTerms,
  normalise,
  ntXent,
  sigmoidLoss,
  sparcFineLoss,
  tokenwiseSimilarity,
} from '../index.js';

export interface GoldenInput {
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'int32';
  readonly data: Float32Array | Int32Array;
}

type Tensors = Readonly<Record<string, tf.Tensor>>;

/** A loss and its value, from an independent float64 computation or a closed form. Any backend can run it. */
export interface GoldenCase {
  readonly name: string;
  readonly inputs: Readonly<Record<string, GoldenInput>>;
  readonly run: (inputs: Tensors) => Record<string, tf.Tensor>;
  readonly expected: Readonly<Record<string, readonly number[]>>;
  /** Relative to max(1, |expected|). */
  readonly tolerance: number;
}

const floats = (shape: readonly number[], value: (...index: number[]) => number): GoldenInput => {
  const size = tf.util.sizeFromShape([...shape]);
  const data = Float32Array.from({ length: size }, (_, flat) => {
    let remainder = flat;
    const index = [...shape].reverse().map((side) => {
      const coordinate = remainder % side;
      remainder = Math.floor(remainder / side);
      return coordinate;
    });
    return value(...index.reverse());
  });
  return { shape, dtype: 'float32', data };
};
const ints = (shape: readonly number[], values: readonly number[]): GoldenInput => ({
  shape,
  dtype: 'int32',
  data: Int32Array.from(values),
});
const pick = <T extends tf.Tensor>(inputs: Tensors, name: string): T => inputs[name] as T;

/** B = 4, d = 3. */
const PAIRS = {
  image: floats([4, 3], (i, k) => Math.sin(3 * i + k + 1)),
  text: floats([4, 3], (i, k) => Math.cos(2 * i + 0.5 * k)),
};
const units = (inputs: Tensors): [tf.Tensor2D, tf.Tensor2D] => [
  normalise(pick<tf.Tensor2D>(inputs, 'image')),
  normalise(pick<tf.Tensor2D>(inputs, 'text')),
];
/** B = 2, P = 3, L = 4, e = 3; texts of 3 and 2 words. */
const TOKENS = {
  image: floats([2, 3, 3], (b, p, k) => Math.sin(1 + 2 * b + 3 * p + k)),
  text: floats([2, 4, 3], (b, l, k) => Math.cos(1 + b + 2 * l + 0.7 * k)),
  mask: floats([2, 4], (b, l) => (l < 3 - b ? 1 : 0)),
};
const unitTokens = (inputs: Tensors): [tf.Tensor3D, tf.Tensor3D, tf.Tensor2D] => [
  normalise(pick<tf.Tensor3D>(inputs, 'image')),
  normalise(pick<tf.Tensor3D>(inputs, 'text')),
  pick<tf.Tensor2D>(inputs, 'mask'),
];

/** Image i is row i of the identity, text i is row i + `shift`. */
const orthonormal = (size: number, shift: number): Record<string, GoldenInput> => ({
  image: floats([size, size], (i, k) => (i === k ? 1 : 0)),
  text: floats([size, size], (i, k) => ((i + shift) % size === k ? 1 : 0)),
});

const infoNceAt = (name: string, scale: number, expected: readonly number[], tolerance = 1e-5): GoldenCase => ({
  name,
  inputs: PAIRS,
  tolerance,
  run(inputs) {
    const { imageToText, textToImage, loss } = infoNceTerms(...units(inputs), tf.scalar(scale));
    return { terms: tf.stack([imageToText, textToImage, loss]) };
  },
  expected: { terms: expected },
});

const closedInfoNce = (name: string, size: number, shift: number, scale: number, expected: number): GoldenCase => ({
  name,
  inputs: orthonormal(size, shift),
  tolerance: 1e-5,
  run: (inputs) => ({ loss: infoNce(...units(inputs), tf.scalar(scale)) }),
  expected: { loss: [expected] },
});

const ALL_EQUAL = { image: floats([4, 3], (_, k) => k + 1), text: floats([4, 3], (_, k) => k + 1) };

/** Contrastive losses on global embeddings. */
const GLOBAL: readonly GoldenCase[] = [
  closedInfoNce('InfoNCE, orthonormal pairs, s = 1: ln(1 + (B-1)/e)', 4, 0, 1, Math.log(1 + 3 * Math.exp(-1))),
  closedInfoNce('InfoNCE, orthonormal pairs, s = 1/0.07', 4, 0, 1 / 0.07, 1.8746e-6),
  closedInfoNce('InfoNCE, cyclic mismatch: ln(e^s + B - 1)', 4, 1, 2, Math.log(Math.exp(2) + 3)),
  closedInfoNce('InfoNCE, one pair: 0', 1, 0, 10, 0),
  {
    name: 'InfoNCE, all equal: ln B',
    inputs: ALL_EQUAL,
    tolerance: 1e-5,
    run: (inputs) => ({ loss: infoNce(...units(inputs), tf.scalar(14)) }),
    expected: { loss: [Math.log(4)] },
  },
  {
    name: 'cosines of the deterministic pairs, row 0',
    inputs: PAIRS,
    tolerance: 1e-5,
    run(inputs) {
      const [image, text] = units(inputs);
      return { row: tf.reshape(tf.slice(tf.matMul(image, text, false, true), [0, 0], [1, 4]), [4]) };
    },
    expected: { row: [0.9581878741, -0.7292789671, -0.7572943189, 0.9245902564] },
  },
  infoNceAt('InfoNCE, s = 1', 1, [1.6435802331, 1.6441891973, 1.6438847152]),
  infoNceAt('InfoNCE, s = 1/0.07', 1 / 0.07, [12.5344752358, 12.0431265777, 12.2888009067]),
  {
    name: 'InfoNCE, s = 100, mean',
    inputs: PAIRS,
    tolerance: 1e-5,
    run: (inputs) => ({ loss: infoNce(...units(inputs), tf.scalar(100)) }),
    expected: { loss: [83.9198832034] },
  },
  {
    name: 'SigLIP, t = 10, b = -10 and t = 1, b = 0',
    inputs: PAIRS,
    tolerance: 1e-5,
    run(inputs) {
      const [image, text] = units(inputs);
      return {
        loss: tf.stack([
          sigmoidLoss(image, text, tf.scalar(10), tf.scalar(-10)),
          sigmoidLoss(image, text, tf.scalar(1), tf.scalar(0)),
        ]),
      };
    },
    expected: { loss: [10.0324596173, 3.0525241373] },
  },
  {
    name: 'SigLIP, orthonormal matched: ln 2 + (B-1) ln(1 + e^-10)',
    inputs: orthonormal(4, 0),
    tolerance: 1e-5,
    run: (inputs) => ({ loss: sigmoidLoss(...units(inputs), tf.scalar(10), tf.scalar(-10)) }),
    expected: { loss: [Math.LN2 + 3 * Math.log1p(Math.exp(-10))] },
  },
  {
    name: 'SigLIP, all logits 0: B ln 2',
    inputs: PAIRS,
    tolerance: 1e-5,
    run: (inputs) => ({ loss: sigmoidLoss(...units(inputs), tf.scalar(0), tf.scalar(0)) }),
    expected: { loss: [4 * Math.LN2] },
  },
  {
    name: 'NT-Xent, image and text as views, τ = 0.1 and 0.5',
    inputs: PAIRS,
    tolerance: 1e-5,
    run(inputs) {
      const views = units(inputs);
      return { loss: tf.stack([ntXent(...views, 0.1), ntXent(...views, 0.5)]) };
    },
    expected: { loss: [9.3008064031, 2.7029538262] },
  },
  {
    name: 'NT-Xent, all equal: ln(2B-1)',
    inputs: ALL_EQUAL,
    tolerance: 1e-5,
    run: (inputs) => ({ loss: ntXent(...units(inputs), 0.1) }),
    expected: { loss: [Math.log(7)] },
  },
  {
    name: 'NT-Xent, orthonormal pairs: ln(1 + (2B-2) e^(-1/τ))',
    inputs: orthonormal(4, 0),
    tolerance: 1e-5,
    run: (inputs) => ({ loss: ntXent(...units(inputs), 0.5) }),
    expected: { loss: [Math.log(1 + 6 * Math.exp(-2))] },
  },
  {
    name: 'CyCLIP terms',
    inputs: PAIRS,
    tolerance: 1e-5,
    run(inputs) {
      const { crossModal, inModal } = cyclipTerms(...units(inputs));
      return { terms: tf.stack([crossModal, inModal]) };
    },
    expected: { terms: [6.3612056565, 5.6670589256] },
  },
];

/** Losses on tokens. */
const LOCAL: readonly GoldenCase[] = [
  {
    name: 'FILIP similarities',
    inputs: TOKENS,
    tolerance: 1e-5,
    run(inputs) {
      const { imageToText, textToImage } = tokenwiseSimilarity(...unitTokens(inputs));
      return { imageToText, textToImage };
    },
    expected: {
      imageToText: [0.840246994, 0.0875489733, 0.8645284129, 0.7993161254],
      textToImage: [0.6787943032, 0.5617049109, 0.7671631195, 0.8158722453],
    },
  },
  {
    name: 'FILIP loss, s = 1 and 1/0.07 with its directions',
    inputs: TOKENS,
    tolerance: 1e-5,
    run(inputs) {
      const tokens = unitTokens(inputs);
      const { loss, imageToText, textToImage } = filipTerms(...tokens, tf.scalar(1 / 0.07));
      return { terms: tf.stack([filipTerms(...tokens, tf.scalar(1)).loss, loss, imageToText, textToImage]) };
    },
    expected: { terms: [0.6061788572, 0.7003705522, 0.6318731772, 0.7688679273] },
  },
  {
    name: 'GLoRIA matching and cross-entropies on raw tokens',
    inputs: TOKENS,
    tolerance: 1e-5,
    run(inputs) {
      const { match, imageToText, textToImage } = gloriaTerms(
        pick<tf.Tensor3D>(inputs, 'image'),
        pick<tf.Tensor3D>(inputs, 'text'),
        pick<tf.Tensor2D>(inputs, 'mask'),
      );
      return { match, terms: tf.stack([imageToText, textToImage]) };
    },
    expected: {
      match: [5.2493094367, 4.2058554332, 5.167059445, 4.6664500262],
      terms: [2.5063991353, 0.1870608807],
    },
  },
  {
    name: 'SPARC fine part, s = 1/0.07',
    inputs: TOKENS,
    tolerance: 1e-5,
    run: (inputs) => ({ loss: sparcFineLoss(...unitTokens(inputs), tf.scalar(1 / 0.07)) }),
    expected: { loss: [0.6080875135] },
  },
  {
    name: 'captioning cross-entropy',
    inputs: {
      logits: floats([2, 3, 5], (b, t, k) => Math.sin(1 + b + 2 * t + k)),
      labels: ints([2, 3], [1, 3, 0, 2, 0, 0]),
      mask: floats([2, 3], (b, t) => (t < 2 - b ? 1 : 0)),
    },
    tolerance: 1e-5,
    run: (inputs) => ({
      loss: captioningLoss(
        pick<tf.Tensor3D>(inputs, 'logits'),
        pick<tf.Tensor2D>(inputs, 'labels'),
        pick<tf.Tensor2D>(inputs, 'mask'),
      ),
    }),
    expected: { loss: [1.7489708175] },
  },
  {
    name: 'captioning, uniform logits: ln V, and all padded: 0',
    inputs: {
      logits: floats([1, 2, 7], () => 3),
      labels: ints([1, 2], [4, 0]),
      some: floats([1, 2], () => 1),
      none: floats([1, 2], () => 0),
    },
    tolerance: 1e-5,
    run(inputs) {
      const [logits, labels] = [pick<tf.Tensor3D>(inputs, 'logits'), pick<tf.Tensor2D>(inputs, 'labels')];
      return {
        loss: tf.stack([
          captioningLoss(logits, labels, pick<tf.Tensor2D>(inputs, 'some')),
          captioningLoss(logits, labels, pick<tf.Tensor2D>(inputs, 'none')),
        ]),
      };
    },
    expected: { loss: [Math.log(7), 0] },
  },
];

export const goldenCases: readonly GoldenCase[] = [...GLOBAL, ...LOCAL];
