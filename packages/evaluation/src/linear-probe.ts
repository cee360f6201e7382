import type { Matrix } from '@medbench/core';
import type { LogisticModel } from './logistic-regression.js';
import { fitLogisticRegression, logisticLogits, secondMoment } from './logistic-regression.js';
import { stackLabels, stackRows, takeRows } from './matrix.js';
import { accuracy } from './metrics/index.js';
import { argMax } from './scores.js';
import { holdout } from './split.js';

export interface ProbeOptions {
  /** Values of C to try, ascending. Default 1e-3, 1e-2, … 1e3. */
  readonly grid?: readonly number[];
  /** Share of the training split held out where there is no validation split. Default 0.1. */
  readonly holdoutShare?: number;
  /** Limit of each fit. Default 1000. */
  readonly maxIterations?: number;
}

/** Features with labels, and with groups (such as patients) that a split must not divide. */
export interface LabelledFeatures {
  readonly features: Matrix;
  readonly labels: Int32Array;
  readonly groups?: Int32Array | undefined;
}

export interface ProbeOutcome {
  readonly model: LogisticModel;
  /** Logits of the test rows, `[N, classes]`. */
  readonly logits: Float64Array;
  readonly C: number;
  /** Validation accuracy of each C of the grid. */
  readonly sweep: readonly { readonly C: number; readonly accuracy: number }[];
  readonly notes: readonly string[];
}

/**
 * Largest gradient entry of the mean loss at the end of a fit. A warm start under weak regularisation is within
 * scikit-learn's default of 1e-4 before it has moved: a tenth of that makes the figure that of the minimum.
 */
const TOLERANCE = 1e-5;

const GRID: readonly number[] = [1e-3, 1e-2, 1e-1, 1, 10, 100, 1000];

/**
 * Linear probe after CLIP (Radford et al. 2021, appendix A.3): multinomial logistic regression by L-BFGS on frozen
 * features, as they are, before the projection. C is chosen by validation accuracy over a logarithmic grid (the smallest
 * of equals), from strong to weak regularisation with warm starts; then the probe is fitted again to training and
 * validation data together. Without a validation split, a fixed stratified tenth of the training split stands in.
 */
export function linearProbe(
  train: LabelledFeatures,
  val: LabelledFeatures | undefined,
  test: Matrix,
  classes: number,
  options: ProbeOptions = {},
): ProbeOutcome {
  const grid = [...(options.grid ?? GRID)].sort((a, b) => a - b);
  const maxIterations = options.maxIterations ?? 1000;
  const notes: string[] = [];
  let fitRows = train;
  let heldRows = val;
  if (val === undefined || val.labels.length === 0) {
    const share = options.holdoutShare ?? 0.1;
    const split = holdout(train.labels, share, train.groups);
    fitRows = { features: takeRows(train.features, split.train), labels: split.train.map((i) => train.labels[i]!) };
    heldRows = { features: takeRows(train.features, split.held), labels: split.held.map((i) => train.labels[i]!) };
    notes.push(`no validation split: C chosen on ${split.held.length} held-out training examples`);
  }

  const sweep: { C: number; accuracy: number }[] = [];
  let best = { C: grid[Math.floor(grid.length / 2)]!, accuracy: Number.NEGATIVE_INFINITY };
  let start: LogisticModel | undefined;
  let warm: LogisticModel | undefined;
  // Any guess of the curvature will do: that of the rows for the sweep serves the last fit too.
  const moment = secondMoment(fitRows.features);
  if (heldRows !== undefined && heldRows.labels.length > 0 && grid.length > 1) {
    for (const C of grid) {
      const common = { C, maxIterations, moment, tolerance: TOLERANCE };
      warm = fitLogisticRegression(
        fitRows.features,
        fitRows.labels,
        classes,
        warm ? { ...common, start: warm } : common,
      );
      const predicted = argMax(logisticLogits(warm, heldRows.features), classes);
      const point = { C, accuracy: accuracy(heldRows.labels, predicted) };
      sweep.push(point);
      if (point.accuracy > best.accuracy) {
        best = point;
        start = warm;
      }
    }
  }
  const hasVal = val !== undefined && val.labels.length > 0;
  const features = hasVal ? stackRows(train.features, val.features) : train.features;
  const labels = hasVal ? stackLabels(train.labels, val.labels) : train.labels;
  const model = fitLogisticRegression(features, labels, classes, {
    C: best.C,
    maxIterations,
    moment,
    tolerance: TOLERANCE,
    ...(start && start.seen.length === new Set(labels).size && { start }),
  });
  const edge = sweep.length > 1 && (best.C === grid[0] || best.C === grid.at(-1));
  notes.push(
    `C = ${best.C}${edge ? ' (an end of the grid)' : ''}, fitted to ${labels.length} ${hasVal ? 'training and validation' : 'training'} examples`,
  );
  if (!model.converged) notes.push(`the probe stopped at ${model.iterations} iterations before converging`);
  return { model, logits: logisticLogits(model, test), C: best.C, sweep, notes };
}
