import type { Matrix } from '@medbench/core';
import { accuracy } from '../metrics/index.js';
import { argMax } from '../metrics/scores.js';
import type { LogisticModel } from '../solvers/logistic-regression.js';
import { fitLogisticRegression, logisticLogits, secondMoment } from '../solvers/logistic-regression.js';
import { concatenate, type LabelledFeatures, splitForChoice } from './features.js';

/** Settings of the linear probe by logistic regression. */
export interface ProbeOptions {
  /** Values of C to try, ascending. Default 1e-3, 1e-2, … 1e3. */
  readonly grid?: readonly number[];
  /** Share of the training split that is held out if there is no validation split. Default 0.1. */
  readonly holdoutShare?: number;
  /** Maximum number of L-BFGS iterations of each fit. Default 1000. */
  readonly maxIterations?: number;
  /** Splits that the final probe is fitted to once C is chosen. Default `train+val`. */
  readonly refit?: 'train+val' | 'train';
}

/** The fitted probe, its predictions and the choice of C. */
export interface ProbeOutcome {
  readonly model: LogisticModel;
  /** Logits of the test rows, `[N, classes]`. */
  readonly logits: Float64Array;
  readonly C: number;
  /** Accuracy on the held-out examples for each C of the grid, up to the first that classifies them all correctly. */
  readonly sweep: readonly { readonly C: number; readonly accuracy: number }[];
  readonly notes: readonly string[];
}

/**
 * Gradient tolerance of the fits of the sweep: the largest gradient entry of the mean loss at which a fit stops. At
 * scikit-learn's default of 1e-4, a warm start under weak regularisation would stop before its first step. At a tenth
 * of that, a neighbouring C could look better than the best one.
 */
const TOLERANCE = 3e-6;
/**
 * Gradient tolerance of the final fit, whose figures are reported. A tighter tolerance changes no test example's rank.
 */
const LAST_TOLERANCE = 1e-8;

const GRID: readonly number[] = [1e-3, 1e-2, 1e-1, 1, 10, 100, 1000];

/**
 * Linear probe after CLIP (Radford et al. 2021, appendix A.3): multinomial logistic regression by L-BFGS on frozen,
 * unscaled features before the projection. C is chosen by validation accuracy over a logarithmic grid (the smallest of
 * equally accurate values), from strong to weak regularisation with warm starts. The probe is then fitted again to the
 * training and validation data together, or to the training data alone (`refit`). Without a validation split, C is
 * chosen on a fixed stratified tenth of the training split.
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
  // The moment only guides the search, so the final fit can reuse the moment of the rows of the sweep.
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
      // No larger C can be chosen: at best, it is as accurate.
      if (best.accuracy === 1) break;
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
  const edge = sweep.length > 0 && (best.C === grid[0] || best.C === grid.at(-1));
  notes.push(
    `C = ${best.C}${edge ? ' (an end of the grid)' : ''}, fitted to ${labels.length} ${withVal ? 'training and validation' : 'training'} examples`,
  );
  if (!model.converged) notes.push(`the probe stopped at ${model.iterations} iterations before converging`);
  return { model, logits: logisticLogits(model, test), C: best.C, sweep, notes };
}
