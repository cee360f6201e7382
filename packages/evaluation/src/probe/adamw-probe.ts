import { type Matrix, random } from '@medbench/core';
import { LayerProducts } from '../kernels/layer-products.js';
import { accuracy } from '../metrics/index.js';
import { argMax, crossEntropyGradient } from '../metrics/scores.js';
import { innerProducts } from '../numerics/linear-algebra.js';
import { takeRows } from '../numerics/matrix.js';
import { HostAdamW } from '../solvers/adamw.js';
import { concatenate, type LabelledFeatures } from './features.js';

/** Settings of CLIP_benchmark's README example. */
const RECIPE = { epochs: 20, batchSize: 512, learningRate: 0.1 } as const;

/** 97 weight decays from 1e-6 to 1e2, twelve per decade. */
const DECAYS = Array.from({ length: 97 }, (_, i) => 10 ** (-6 + i / 12));

/** Settings of one fit by AdamW. */
export interface AdamWProbeOptions {
  readonly weightDecay: number;
  readonly seed: number;
  /** Default: the settings of CLIP_benchmark. */
  readonly recipe?: Partial<Record<keyof typeof RECIPE, number>>;
  /** Initial weights `[classes, d]` and intercepts. Default: as PyTorch's `Linear`, uniform within ±1/√d. */
  readonly start?: { readonly weights: Float64Array; readonly intercepts: Float64Array };
  /** Order of the examples of an epoch. Default: drawn from the seed. */
  readonly order?: (epoch: number) => Int32Array;
}

/** A linear layer that classifies features. */
export interface LinearClassifier {
  /** `[classes, d]`. */
  readonly weights: Float64Array;
  readonly intercepts: Float64Array;
}

/** Turns logits of a batch, `[rows, outputs]`, in place into the gradient of the loss of its `batch` examples. */
type LossGradient = (logits: Float64Array, batch: Int32Array, firstRow: number) => void;

/**
 * Trains a linear layer by AdamW (Loshchilov and Hutter 2019; decay on weights and intercepts), with a cosine schedule to
 * zero and no warm-up. It computes in 64 bits and draws the order of the examples from the seed.
 */
function fitLayer(x: Matrix, outputs: number, options: AdamWProbeOptions, gradientOf: LossGradient): LinearClassifier {
  const { epochs, batchSize, learningRate } = { ...RECIPE, ...options.recipe };
  const { rows: n, cols: d } = x;
  const stream = random(options.seed, 'clip-benchmark');
  const size = outputs * (d + 1);
  const optimizer = new HostAdamW(
    Float64Array.from({ length: size }, () => (2 * stream.uniform() - 1) / Math.sqrt(d)),
    options.weightDecay,
  );
  const { parameters, gradient } = optimizer;
  const weights = parameters.subarray(0, outputs * d);
  const intercepts = parameters.subarray(outputs * d);
  if (options.start) {
    weights.set(options.start.weights);
    intercepts.set(options.start.intercepts);
  }
  const weightGradient = gradient.subarray(0, outputs * d);
  const interceptGradient = gradient.subarray(outputs * d);
  const products = new LayerProducts(d, outputs);
  const steps = epochs * Math.ceil(n / batchSize);
  let step = 0;
  for (let epoch = 0; epoch < epochs; epoch++) {
    const order = options.order?.(epoch) ?? stream.permutation(n);
    for (let from = 0; from < n; from += batchSize) {
      const batch = order.subarray(from, from + batchSize);
      interceptGradient.fill(0);
      products.sweep(takeRows(x, batch).data, weights, weightGradient, (z, first, rows) => {
        for (let i = 0; i < rows; i++) for (let k = 0; k < outputs; k++) z[i * outputs + k]! += intercepts[k]!;
        gradientOf(z, batch, first);
        for (let i = 0; i < rows; i++) for (let k = 0; k < outputs; k++) interceptGradient[k]! += z[i * outputs + k]!;
      });
      optimizer.step(0.5 * learningRate * (1 + Math.cos((Math.PI * step) / steps)));
      step++;
    }
  }
  return { weights, intercepts };
}

/**
 * Trains a linear layer on the cross-entropy by AdamW, with a cosine schedule to zero and no warm-up.
 *
 * @param x features `[N, d]`. @param y labels in 0..classes-1.
 */
export const fitAdamW = (x: Matrix, y: Int32Array, classes: number, options: AdamWProbeOptions): LinearClassifier =>
  fitLayer(x, classes, options, (z, batch, first) =>
    crossEntropyGradient(z, classes, batch.length, (row) => y[batch[first + row]!]!),
  );

/**
 * Trains a linear layer by AdamW on the binary cross-entropy of each label, averaged over labels and examples.
 *
 * @param x features `[N, d]`. @param targets 1 where an example has a label, `[N, labels]`.
 */
export const fitAdamWLabels = (
  x: Matrix,
  targets: Int32Array,
  labels: number,
  options: AdamWProbeOptions,
): LinearClassifier =>
  fitLayer(x, labels, options, (z, batch, first) => {
    for (let i = 0; i < z.length; i++) {
      const target = targets[batch[first + Math.floor(i / labels)]! * labels + (i % labels)]!;
      z[i] = (1 / (1 + Math.exp(-z[i]!)) - target) / (batch.length * labels);
    }
  });

/** Logits `[N, classes]` of features x `[N, d]`. */
export function linearLogits({ weights, intercepts }: LinearClassifier, x: Matrix): Float64Array {
  const classes = intercepts.length;
  const logits = new Float64Array(x.rows * classes);
  innerProducts(x.data, 0, x.rows, weights, 0, classes, x.cols, logits);
  for (let i = 0; i < logits.length; i++) logits[i]! += intercepts[i % classes]!;
  return logits;
}

/**
 * Index of the highest value, searched coarsely: first at seven evenly spaced indices, then ever closer to the best
 * one.
 */
function findPeak(length: number, value: (index: number) => number): number {
  const cached = new Map<number, number>();
  const evaluate = (index: number): number => {
    if (!cached.has(index)) cached.set(index, value(index));
    return cached.get(index)!;
  };
  const pickBest = (candidates: readonly number[]): number =>
    candidates.reduce((a, b) => (evaluate(b) > evaluate(a) ? b : a));
  const step = Math.round((length - 1) / 6);
  let best = pickBest(Array.from({ length: 7 }, (_, i) => Math.min(length - 1, i * step)));
  for (let span = step / 2; span >= 1; span /= 2) {
    const around = [best - span, best + span].map(Math.round).filter((index) => index >= 0 && index < length);
    best = pickBest([best, ...around]);
  }
  return best;
}

/** The weight decay with the highest score among 97 values, searched coarsely. */
export const searchDecay = (score: (weightDecay: number) => number): number =>
  DECAYS[findPeak(DECAYS.length, (index) => score(DECAYS[index]!))]!;

/** Settings of `adamWProbe`. */
export interface ProbeRecipe {
  /** Default 20. */
  readonly epochs?: number;
  /** Default 512. The last batch of an epoch may be smaller. */
  readonly batchSize?: number;
  /** `auto`: the one with the best validation accuracy; 0 without a validation split. Default `auto`. */
  readonly weightDecay?: number | 'auto';
}

/**
 * The linear probe of LAION's CLIP_benchmark: one linear layer on joint embeddings, trained by AdamW with a learning rate
 * of 0.1 and a cosine schedule to zero. Its defaults are those of CLIP_benchmark's README. The study used 40 epochs at
 * batch size 64 without weight decay and without a validation split (its scripts as committed; which code the runs of
 * record used cannot be known).
 *
 * With a validation split and weight decay `auto`, the weight decay is searched among 97 values (first seven, then steps
 * of 8, 4, 2 and 1 around the best). With a validation split, the layer is trained on both splits. The layer after the
 * last epoch counts.
 */
export function adamWProbe(
  train: LabelledFeatures,
  val: LabelledFeatures | undefined,
  test: Matrix,
  classes: number,
  seed: number,
  { weightDecay: chosen = 'auto', epochs = RECIPE.epochs, batchSize = RECIPE.batchSize }: ProbeRecipe = {},
): { readonly logits: Float64Array; readonly weightDecay: number; readonly notes: readonly string[] } {
  const hasVal = val !== undefined && val.labels.length > 0;
  const fit = (rows: LabelledFeatures, weightDecay: number) =>
    fitAdamW(rows.features, rows.labels, classes, { weightDecay, seed, recipe: { epochs, batchSize } });
  const validationAccuracy = (weightDecay: number): number =>
    accuracy(val!.labels, argMax(linearLogits(fit(train, weightDecay), val!.features), classes));
  const weightDecay = chosen !== 'auto' ? chosen : hasVal ? searchDecay(validationAccuracy) : 0;
  const rows = hasVal ? concatenate(train, val) : train;
  return {
    logits: linearLogits(fit(rows, weightDecay), test),
    weightDecay,
    notes: [probeNote({ epochs, batchSize, weightDecay }, rows.labels.length, hasVal)],
  };
}

/** The note on a probe of `clip-benchmark`. */
export const probeNote = (
  { epochs, batchSize, weightDecay }: { readonly [K in keyof ProbeRecipe]-?: number },
  examples: number,
  withVal: boolean,
): string =>
  `probe of clip-benchmark: AdamW, ${epochs} epochs, batch size ${batchSize}, weight decay ${Number(weightDecay.toPrecision(3))}, ${examples} ${withVal ? 'training and validation' : 'training'} examples`;
