import type { Matrix } from '@medbench/core';
import { accuracy } from '../metrics/index.js';
import { argMax } from '../metrics/scores.js';
import { takeRows } from '../numerics/matrix.js';
import type { LogisticModel } from '../solvers/logistic-regression.js';
import { fitLogisticRegression, logisticLogits } from '../solvers/logistic-regression.js';
import { holdout } from '../splits/holdout.js';
import { fitMlp } from './mlp.js';

export interface VqaHeadOptions {
  /** `mlp` or `linear`. Default `mlp`. */
  readonly head?: 'mlp' | 'linear';
  /** Of the linear head: values of C to try, ascending. Default 0.01, 0.1, 1. */
  readonly grid?: readonly number[];
  /** Of the linear head: L-BFGS iterations of the final fit. Default 50. */
  readonly maxIterations?: number;
}

/** An answer classifier on standardised features. */
export interface VqaHead {
  /** How it was made, for a reader. */
  readonly note: string;
  /** Predicted answer of each row of features `[N, F]`. */
  predict(features: Matrix): Int32Array;
}

/** Answers with fewer training examples share one class while C is chosen: they can hardly be validated. */
const RARE = 5;

/**
 * Features of each question: [u, w, u ⊙ w], with u its image's and w its text's embedding; one part alone where the
 * model embeds only that.
 *
 * @param images `[I, D]` and the image of each question, or undefined.
 * @param texts `[T, D']` and the text of each question, or undefined; the product needs D = D'.
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

/** Mean 0 and standard deviation 1 on the given rows; a constant feature becomes 0. */
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

/** Of the perceptron: looked at on one trained row of VQA-RAD, and the same for every row, task and control since. */
const MLP = { hidden: 256, dropout: 0.3, learningRate: 1e-3, weightDecay: 0.01 } as const;
const EPOCHS = 40;
/** Bounds of its steps: small sets are seen more often, large ones less. */
const STEPS = [1000, 4000] as const;
const BATCH = 64;

/** What features that are all alike leave to say: the most common answer, the lower index among equals. */
function mostCommon(answers: Int32Array, vocabulary: number): VqaHead {
  const counts = new Float64Array(vocabulary);
  for (const answer of answers) counts[answer]!++;
  const [best] = argMax(counts, vocabulary);
  return { note: 'the most common answer', predict: ({ rows }) => new Int32Array(rows).fill(best!) };
}

/**
 * Fits the answer classifier on [u, w, u ⊙ w]. `mlp`, the default: a hidden layer of 256, dropout 0.3, AdamW on the
 * cross-entropy over the answers, 40 epochs of batches of 64 but no less than 1,000 and no more than 4,000 steps.
 * `linear`: see `fitLinearHead`.
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
  const steps = Math.min(STEPS[1], Math.max(STEPS[0], EPOCHS * batches));
  const model = fitMlp(x, answers, vocabulary, {
    ...MLP,
    epochs: Math.ceil(steps / batches),
    maxSteps: steps,
    seed: options.seed,
  });
  return { note: `perceptron, ${steps} steps`, predict: (rows) => model.predict(standardize(rows)) };
}

/**
 * The linear answer classifier: multinomial logistic regression by plain L-BFGS from the answers' priors, stopped after
 * a fixed number of steps: with hundreds of answers of one example each, more steps cost much and gain little (12 of
 * them left 0.05 of accuracy behind on VQA-RAD). C is chosen on a fixed stratified tenth of the training questions,
 * with all rare answers as one class; then all questions are fitted with all answers. Deterministic.
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
