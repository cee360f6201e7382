import type { Matrix } from '@medbench/core';
import { multiLabelAuc } from '../metrics/multi-label.js';
import { stackLabels, stackRows, takeRows } from '../numerics/matrix.js';
import type { ProbeSettings } from '../protocols/settings.js';
import { fitLogisticRegression, logisticLogits, secondMoment } from '../solvers/logistic-regression.js';
import { holdoutTenth, takeTargets } from '../splits/multi-label-images.js';
import { fitAdamWLabels, linearLogits, probeNote, searchDecay } from './adamw-probe.js';

/** Features of images that may have several labels. */
export interface MultiLabelFeatures {
  readonly features: Matrix;
  /** 1 where an image has a label, `[N, L]`. */
  readonly targets: Int32Array;
  readonly groups?: Int32Array | undefined;
}

/** Gradient tolerances of the fits by which C is chosen, and of the final fit, as in `linearProbe`. */
const [TOLERANCE, LAST_TOLERANCE] = [3e-6, 1e-8];

const selectRows = (
  { features, targets }: MultiLabelFeatures,
  indices: Int32Array,
  labels: number,
): MultiLabelFeatures => ({
  features: takeRows(features, indices),
  targets: takeTargets(targets, indices, labels),
});

const concatenate = (train: MultiLabelFeatures, val: MultiLabelFeatures): MultiLabelFeatures => ({
  features: stackRows(train.features, val.features),
  targets: stackLabels(train.targets, val.targets),
});

interface LabelFit {
  readonly C: number;
  readonly tolerance: number;
  /** `secondMoment` of the rows. It only guides the search, so that fits on nearly the same rows can share it. */
  readonly moment: ReturnType<typeof secondMoment>;
}

/** Fits one logistic regression for each label, and returns a function of its log odds on other features. */
function fitLabels({ features, targets }: MultiLabelFeatures, labels: number, options: LabelFit) {
  const models = Array.from({ length: labels }, (_, k) => {
    const own = Int32Array.from({ length: features.rows }, (_, i) => targets[i * labels + k]!);
    return fitLogisticRegression(features, own, 2, options);
  });
  const score = (x: Matrix): Float64Array => {
    const scores = new Float64Array(x.rows * labels);
    for (const [k, model] of models.entries()) {
      const logits = logisticLogits(model, x);
      for (let i = 0; i < x.rows; i++) scores[i * labels + k] = logits[2 * i + 1]! - logits[2 * i]!;
    }
    return scores;
  };
  return { score, unconverged: models.filter(({ converged }) => !converged).length };
}

/**
 * Logistic regressions, one for each label, with the same C. It is the smallest with the highest mean AUROC on the
 * validation split, or on a fixed tenth of the training split without one.
 */
function logisticScores(
  train: MultiLabelFeatures,
  val: MultiLabelFeatures | undefined,
  test: Matrix,
  labels: number,
  { grid, refit }: ProbeSettings,
): MultiLabelProbe {
  const sorted = [...grid].sort((a, b) => a - b);
  const notes: string[] = [];
  let [fitRows, heldOut] = [train, val];
  if (!heldOut) {
    const split = holdoutTenth(train.targets, labels, train.groups);
    fitRows = selectRows(train, split.train, labels);
    heldOut = selectRows(train, split.heldOut, labels);
    notes.push(`no validation split: chosen on ${split.heldOut.length} held-out training examples`);
  }
  const moment = secondMoment(fitRows.features);
  let best = { C: sorted[Math.floor(sorted.length / 2)]!, auc: Number.NEGATIVE_INFINITY };
  if (sorted.length > 1) {
    for (const C of sorted) {
      const scores = fitLabels(fitRows, labels, { C, tolerance: TOLERANCE, moment }).score(heldOut.features);
      const auc = multiLabelAuc({ scores, targets: heldOut.targets, labels });
      if (auc > best.auc) best = { C, auc };
    }
  }
  const withVal = val !== undefined && refit !== 'train';
  const rows = withVal ? concatenate(train, val) : train;
  const { score, unconverged } = fitLabels(rows, labels, { C: best.C, tolerance: LAST_TOLERANCE, moment });
  const edge = sorted.length > 1 && (best.C === sorted[0] || best.C === sorted.at(-1));
  notes.push(
    `${labels} logistic regressions, C = ${best.C}${edge ? ' (an end of the grid)' : ''}, fitted to ${rows.features.rows} ${withVal ? 'training and validation' : 'training'} examples`,
  );
  if (unconverged > 0) notes.push(`${unconverged} of them stopped before converging`);
  return { scores: score(test), notes };
}

/** One linear layer by AdamW on the binary cross-entropy, mean over labels and examples; see `adamWProbe`. */
function layerScores(
  train: MultiLabelFeatures,
  val: MultiLabelFeatures | undefined,
  test: Matrix,
  labels: number,
  seed: number,
  { weightDecay: chosen, epochs, batchSize }: ProbeSettings,
): MultiLabelProbe {
  const fit = (rows: MultiLabelFeatures, weightDecay: number) =>
    fitAdamWLabels(rows.features, rows.targets, labels, { weightDecay, seed, recipe: { epochs, batchSize } });
  const validationAuc = (weightDecay: number): number =>
    multiLabelAuc({ scores: linearLogits(fit(train, weightDecay), val!.features), targets: val!.targets, labels });
  const weightDecay = chosen !== 'auto' ? chosen : val ? searchDecay(validationAuc) : 0;
  const rows = val ? concatenate(train, val) : train;
  return {
    scores: linearLogits(fit(rows, weightDecay), test),
    notes: [probeNote({ epochs, batchSize, weightDecay }, rows.features.rows, val !== undefined)],
  };
}

/** Scores of the test examples, and notes on the probe. */
export interface MultiLabelProbe {
  /** Log odds of each label, `[N, L]`. */
  readonly scores: Float64Array;
  readonly notes: readonly string[];
}

/**
 * Linear probe of images that may have several labels: the solvers of the linear probe with the binary cross-entropy of
 * each label. Settings are chosen by the mean AUROC over the labels on the validation split.
 */
export const multiLabelProbe = (
  { train, val, test }: { train: MultiLabelFeatures; val: MultiLabelFeatures | undefined; test: Matrix },
  labels: number,
  { settings, seed }: { readonly settings: ProbeSettings; readonly seed: number },
): MultiLabelProbe =>
  settings.solver === 'lbfgs'
    ? logisticScores(train, val, test, labels, settings)
    : layerScores(train, val, test, labels, seed, settings);
