import type { Matrix } from '@medbench/core';
import { accuracy } from '../metrics/index.js';
import { argMax } from '../metrics/scores.js';
import type { LogisticModel } from '../solvers/logistic-regression.js';
import { fitLogisticRegression, logisticLogits, secondMoment } from '../solvers/logistic-regression.js';
import { concatenate, type LabelledFeatures, splitForChoice } from './features.js';

export interface ProbeOptions {
  /** Values of C to try, ascending. Default 1e-3, 1e-2, … 1e3. */
  readonly grid?: readonly number[];
  /** Share of the training split held out where there is no validation split. Default 0.1. */
  readonly holdoutShare?: number;
  /** Limit of each fit. Default 1000. */
  readonly maxIterations?: number;
  /** What is fitted to once C is chosen. Default `train+val`. */
  readonly refit?: 'train+val' | 'train';
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
 * scikit-learn's default of 1e-4 before it has moved, and at a tenth of it a neighbouring C may still look better.
 */
const TOLERANCE = 3e-6;
/** Of the last fit, whose figures are printed: further on, no test example changes its place among the others. */
const LAST_TOLERANCE = 1e-8;

const GRID: readonly number[] = [1e-3, 1e-2, 1e-1, 1, 10, 100, 1000];

/**
 * Linear probe after CLIP (Radford et al. 2021, appendix A.3): multinomial logistic regression by L-BFGS on frozen
 * features, as they are, before the projection. C is chosen by validation accuracy over a logarithmic grid (the
 * smallest of equals), from strong to weak regularisation with warm starts; then the probe is fitted again to training
 * and validation data together, or to the training data alone (`refit`). Without a validation split, a fixed stratified
 * tenth of the training split stands in.
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
  const { fit: fitRows, heldOut: heldOutRows, hasVal, notes } = splitForChoice(train, val, options.holdoutShare ?? 0.1);

  const sweep: { C: number; accuracy: number }[] = [];
  let best = { C: grid[Math.floor(grid.length / 2)]!, accuracy: Number.NEGATIVE_INFINITY };
  let start: LogisticModel | undefined;
  let warm: LogisticModel | undefined;
  // Any guess of the curvature will do: that of the rows for the sweep serves the last fit too.
  const moment = secondMoment(fitRows.features);
  if (heldOutRows.labels.length > 0 && grid.length > 1) {
    for (const C of grid) {
      const common = { C, maxIterations, moment, tolerance: TOLERANCE };
      warm = fitLogisticRegression(
        fitRows.features,
        fitRows.labels,
        classes,
        warm ? { ...common, start: warm } : common,
      );
      const predicted = argMax(logisticLogits(warm, heldOutRows.features), classes);
      const point = { C, accuracy: accuracy(heldOutRows.labels, predicted) };
      sweep.push(point);
      if (point.accuracy > best.accuracy) {
        best = point;
        start = warm;
      }
    }
  }
  const withVal = hasVal && options.refit !== 'train';
  const { features, labels } = withVal ? concatenate(train, val!) : train;
  const model = fitLogisticRegression(features, labels, classes, {
    C: best.C,
    maxIterations,
    moment,
    tolerance: LAST_TOLERANCE,
    ...(start && start.seen.length === new Set(labels).size && { start }),
  });
  const edge = sweep.length > 1 && (best.C === grid[0] || best.C === grid.at(-1));
  notes.push(
    `C = ${best.C}${edge ? ' (an end of the grid)' : ''}, fitted to ${labels.length} ${withVal ? 'training and validation' : 'training'} examples`,
  );
  if (!model.converged) notes.push(`the probe stopped at ${model.iterations} iterations before converging`);
  return { model, logits: logisticLogits(model, test), C: best.C, sweep, notes };
}
