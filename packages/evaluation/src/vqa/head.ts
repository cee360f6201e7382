import type { Matrix } from '@medbench/core';
import { accuracy } from '../metrics/index.js';
import { argMax } from '../metrics/scores.js';
import { takeRows } from '../numerics/matrix.js';
import type { LogisticModel } from '../solvers/logistic-regression.js';
import { fitLogisticRegression, logisticLogits } from '../solvers/logistic-regression.js';
import { holdout } from '../splits/holdout.js';
import { fitMlp } from './mlp.js';

/** Settings of the answer classifier. */
export interface VqaHeadOptions {
  /** Kind of classifier: a perceptron (`mlp`) or logistic regression (`linear`). Default `mlp`. */
  readonly head?: 'mlp' | 'linear';
  /** Epochs of the perceptron, within `minSteps` and 4000 steps. Default 40. */
  readonly epochs?: number;
  /** Smallest number of steps of the perceptron, at most 4000. Default 1000. */
  readonly minSteps?: number;
  /** Values of C to try for the linear head, ascending. Default 0.01, 0.1, 1. */
  readonly grid?: readonly number[];
  /** Maximum number of L-BFGS iterations of each fit of the linear head. Default 50. */
  readonly maxIterations?: number;
}

/** An answer classifier on standardised features. */
export interface VqaHead {
  /** Description of the fit, for the notes of a result. */
  readonly note: string;
  /** Predicted answer of each row of features `[N, F]`. */
  predict(features: Matrix): Int32Array;
}

/** Answers with fewer training examples share one class while C is chosen, because they can hardly be validated. */
const RARE = 5;

/**
 * Features of each question: [u, w, u ⊙ w], where u is the embedding of its image and w that of its text. If the model
 * embeds only images or only texts, the features are that embedding alone.
 *
 * @param images embeddings `[I, D]` of the images and the index of each question's image, or undefined.
 * @param texts embeddings `[T, D']` of the texts and the index of each question's text, or undefined. Without D = D',
 * the product is left out.
 */
export function vqaFeatures(
  images: { readonly vectors: Matrix; readonly indices: Int32Array } | undefined,
  texts: { readonly vectors: Matrix; readonly indices: Int32Array } | undefined,
): Matrix {
  const u = images && takeRows(images.vectors, images.indices);
  const w = texts && takeRows(texts.vectors, texts.indices);
  const blocks = [u, w].filter((part) => part !== undefined);
  if (u !== undefined && w !== undefined && u.cols === w.cols) {
    blocks.push({ rows: u.rows, cols: u.cols, data: u.data.map((value, i) => value * w.data[i]!) });
  }
  const rows = blocks[0]?.rows ?? 0;
  const cols = blocks.reduce((sum, part) => sum + part.cols, 0);
  const data = new Float32Array(rows * cols);
  for (let i = 0; i < rows; i++) {
    let offset = i * cols;
    for (const part of blocks) {
      data.set(part.data.subarray(i * part.cols, (i + 1) * part.cols), offset);
      offset += part.cols;
    }
  }
  return { rows, cols, data };
}

/**
 * Makes a function that scales features to mean 0 and standard deviation 1 on the rows of x. Constant features become
 * 0.
 */
function standardizer(x: Matrix): (matrix: Matrix) => Matrix {
  const mean = new Float64Array(x.cols);
  const scale = new Float64Array(x.cols);
  for (let i = 0; i < x.data.length; i++) mean[i % x.cols]! += x.data[i]! / x.rows;
  for (let i = 0; i < x.data.length; i++) scale[i % x.cols]! += (x.data[i]! - mean[i % x.cols]!) ** 2 / x.rows;
  for (let j = 0; j < x.cols; j++)
    scale[j] = scale[j]! > 1e-12 * (mean[j]! ** 2 + 1e-12) ? 1 / Math.sqrt(scale[j]!) : 0;
  return ({ rows, cols, data }) => ({
    rows,
    cols,
    data: data.map((value, i) => (value - mean[i % cols]!) * scale[i % cols]!),
  });
}

/**
 * Settings of the perceptron. They were chosen on one trained row of VQA-RAD and are the same for all rows, tasks and
 * controls.
 */
const MLP = { hidden: 256, dropout: 0.3, learningRate: 1e-3, weightDecay: 0.01 } as const;
const EPOCHS = 40;
/** Default smallest, and largest number of steps: small sets are trained for more epochs, large sets for fewer. */
const STEPS = [1000, 4000] as const;
const BATCH = 64;

/** A head that always gives the most common answer (the lowest index among equals), for features that are all alike. */
function mostCommon(answers: Int32Array, vocabulary: number): VqaHead {
  const counts = new Float64Array(vocabulary);
  for (const answer of answers) counts[answer]!++;
  const [best] = argMax(counts, vocabulary);
  return { note: 'the most common answer', predict: ({ rows }) => new Int32Array(rows).fill(best!) };
}

/**
 * Fits the answer classifier on [u, w, u ⊙ w]. The default head `mlp` has a hidden layer of 256 units and dropout 0.3.
 * AdamW trains it on the cross-entropy over the answers for `epochs` at batch size 64, but for at least `minSteps` and
 * at most 4,000 steps. The head `linear` is described at `fitLinearHead`.
 *
 * @param features `[N, F]`, one row per training question.
 * @param answers index of each question's answer in 0..vocabulary-1.
 */
export function fitVqaHead(
  features: Matrix,
  answers: Int32Array,
  vocabulary: number,
  options: VqaHeadOptions & { readonly seed: number },
): VqaHead {
  if (options.head === 'linear') return fitLinearHead(features, answers, vocabulary, options);
  const standardize = standardizer(features);
  const x = standardize(features);
  if (x.data.every((value) => value === 0)) return mostCommon(answers, vocabulary);
  const batches = Math.ceil(features.rows / BATCH);
  const steps = Math.min(STEPS[1], Math.max(options.minSteps ?? STEPS[0], (options.epochs ?? EPOCHS) * batches));
  const model = fitMlp(x, answers, vocabulary, {
    ...MLP,
    epochs: Math.ceil(steps / batches),
    maxSteps: steps,
    seed: options.seed,
  });
  return { note: `perceptron, ${steps} steps`, predict: (rows) => model.predict(standardize(rows)) };
}

/**
 * Fits the linear answer classifier: multinomial logistic regression by plain L-BFGS, started from the priors of the
 * answers and stopped after a fixed number of steps. With hundreds of answers that have one example each, more steps
 * cost much and gain little (on VQA-RAD, 12 steps lost 0.05 of accuracy). C is chosen on a fixed stratified tenth of
 * the training questions, with all rare answers as one class. The final fit uses all questions and all answers.
 * Deterministic.
 *
 * @param features `[N, F]`, one row per training question.
 * @param answers index of each question's answer in 0..vocabulary-1.
 */
function fitLinearHead(features: Matrix, answers: Int32Array, vocabulary: number, options: VqaHeadOptions): VqaHead {
  const grid = [...(options.grid ?? [0.01, 0.1, 1])].sort((a, b) => a - b);
  const maxIterations = options.maxIterations ?? 50;
  const standardize = standardizer(features);
  const x = standardize(features);
  const fixed = { maxIterations, precondition: false };

  const counts = new Int32Array(vocabulary);
  for (const answer of answers) counts[answer]!++;
  const coarse = answers.map((answer) => (counts[answer]! >= RARE ? answer : vocabulary));
  const split = holdout(coarse, 0.1);
  const heldOut = split.heldOut.filter((i) => coarse[i] !== vocabulary);
  let best = { C: grid[Math.floor(grid.length / 2)]!, accuracy: Number.NEGATIVE_INFINITY };
  if (grid.length > 1 && heldOut.length > 0) {
    const xTrain = takeRows(x, split.train);
    const yTrain = split.train.map((i) => coarse[i]!);
    const xHeld = takeRows(x, heldOut);
    const yHeld = heldOut.map((i) => coarse[i]!);
    let start: LogisticModel | undefined;
    for (const C of grid) {
      const settings = { ...fixed, C, ...(start && { start }) };
      start = fitLogisticRegression(xTrain, yTrain, vocabulary + 1, settings);
      const validationAccuracy = accuracy(yHeld, argMax(logisticLogits(start, xHeld), vocabulary + 1));
      if (validationAccuracy > best.accuracy) best = { C, accuracy: validationAccuracy };
    }
  }
  const model = fitLogisticRegression(x, answers, vocabulary, { ...fixed, C: best.C });
  return {
    note: `linear, C = ${best.C}`,
    predict: (rows) => argMax(logisticLogits(model, standardize(rows)), vocabulary),
  };
}
