import type { EvaluationModel, Matrix, MetricValue } from '@medbench/core';
import { confusionAccuracy, confusionBalancedAccuracy, confusionMatrix } from '../metrics/index.js';
import { argMax } from '../metrics/scores.js';
import { checkVectors } from '../numerics/matrix.js';
import { adamWProbe } from '../probe/adamw-probe.js';
import type { LabelledFeatures } from '../probe/features.js';
import { selectRows } from '../probe/features.js';
import { DRAWS, drawShots, indicesExcept } from '../probe/few-shot.js';
import { linearProbe } from '../probe/linear-probe.js';
import type { LabelledImages, LabelledSplits } from '../splits/labelled-images.js';
import { bootstrapIntervals } from '../statistics/bootstrap.js';
import type { ProbeSettings } from './settings.js';

/** Features of a task's splits. */
interface FeatureSplits {
  readonly train: LabelledFeatures;
  readonly val: LabelledFeatures | undefined;
  readonly test: LabelledFeatures;
}

/** Predictions of a probe on the test examples. */
export interface ProbeRun {
  /** Logits of the test examples, `[N, classes]`. */
  readonly logits: Float64Array;
  readonly notes: readonly string[];
}

/** Predictions of all probes of a task. */
export interface TaskProbe extends ProbeRun {
  /** Logits of the probe on features after the projection; present if the settings ask for both kinds of features. */
  readonly projected?: Float64Array;
  /** Few-shot metrics: `accuracy_<k>shot` and `balanced_accuracy_<k>shot`. */
  readonly fewShot: Readonly<Record<string, MetricValue>>;
}

type Embed = (images: LabelledImages['images'], as: string) => Promise<Matrix>;

async function embedSplits(model: EvaluationModel, data: LabelledSplits, embed: Embed): Promise<FeatureSplits> {
  const embedSplit = async (split: LabelledImages, as: string): Promise<LabelledFeatures> => ({
    features: checkVectors(await embed(split.images, split.as ?? as), split.images.length, 'image features', model.id),
    labels: split.labels,
    groups: split.groups,
  });
  const test = await embedSplit(data.test, 'test');
  const train = await embedSplit(data.train!, 'train');
  return { test, train, val: data.val && (await embedSplit(data.val, 'val')) };
}

function makeProbe(settings: ProbeSettings, classes: number, seed: number) {
  return ({ train, val, test }: FeatureSplits): ProbeRun =>
    settings.solver === 'lbfgs'
      ? linearProbe(train, val, test.features, classes, settings)
      : adamWProbe(train, val, test.features, classes, seed, settings);
}

/**
 * Metrics of probes on a few examples of each class, averaged over draws that are the same for all models of a seed.
 */
function fewShotMetrics(
  splits: FeatureSplits,
  shots: number,
  { classes, seed, fit }: { classes: number; seed: number; fit: (splits: FeatureSplits) => ProbeRun },
): Record<string, MetricValue> {
  const { train, val, test } = splits;
  const predictions = Array.from({ length: DRAWS }, (_, draw) => {
    const chosen = drawShots(train.labels, shots, { seed, draw, part: 'train' });
    const rest = val && val.labels.length > 0 ? val : selectRows(train, indicesExcept(train, chosen));
    const heldOut = selectRows(rest, drawShots(rest.labels, shots, { seed, draw, part: 'val' }));
    return argMax(fit({ train: selectRows(train, chosen), val: heldOut, test }).logits, classes);
  });
  const statistics = (counts: Int32Array): [number, number] => {
    const matrices = predictions.map((predicted) => confusionMatrix(test.labels, predicted, classes, counts));
    const mean = (metric: (matrix: Float64Array, classes: number) => number): number =>
      matrices.reduce((sum, matrix) => sum + metric(matrix, classes), 0) / matrices.length;
    return [mean(confusionAccuracy), mean(confusionBalancedAccuracy)];
  };
  const n = test.labels.length;
  const values = statistics(new Int32Array(n).fill(1));
  const intervals = bootstrapIntervals(n, statistics, { seed, groups: test.groups });
  return Object.fromEntries(
    ['accuracy', 'balanced_accuracy'].map((name, i) => [
      `${name}_${shots}shot`,
      { value: values[i]!, ci95: intervals[i]! },
    ]),
  );
}

/**
 * Fits the linear probes of a classification task as the settings ask for: the solver, features before or after the
 * projection or both, and additional few-shot probes.
 *
 * @throws MedbenchError if a feature is not finite.
 */
export async function probeTask(
  model: EvaluationModel,
  splits: LabelledSplits,
  classes: number,
  { settings, seed }: { settings: ProbeSettings; seed: number },
): Promise<TaskProbe> {
  const data = settings.validation === 'none' ? { ...splits, val: undefined } : splits;
  const projection = settings.solver === 'clip-benchmark' || settings.features === 'after';
  const before: Embed = (images, as) => model.imageFeatures(images, as);
  const after: Embed = (images, as) => model.embedImages(images, as);
  // Controls such as raw pixels have only one kind of features, which serves as both.
  const primary = await embedSplits(model, data, projection && model.can.joint ? after : before);
  const fit = makeProbe(settings, classes, seed);
  const run = fit(primary);
  const probesBoth = settings.solver === 'lbfgs' && settings.features === 'both' && model.can.joint;
  const projected = probesBoth ? fit(await embedSplits(model, data, after)) : undefined;
  const fewShot: Record<string, MetricValue> = {};
  for (const shots of settings.shots) Object.assign(fewShot, fewShotMetrics(primary, shots, { classes, seed, fit }));
  const smallest = Math.min(
    ...primary.train.labels.reduce((counts, label) => {
      counts[label]!++;
      return counts;
    }, new Int32Array(classes)),
  );
  const scarce = settings.shots.filter((shots) => shots > smallest);
  return {
    logits: run.logits,
    fewShot,
    ...(projected ? { projected: projected.logits } : {}),
    notes: [
      ...run.notes,
      ...(projected ? projected.notes.map((note) => `after the projection: ${note}`) : []),
      ...(settings.shots.length > 0 ? [`few-shot: mean of ${DRAWS} draws`] : []),
      ...(scarce.length > 0
        ? [`a class has fewer than ${scarce.join(', ')} training examples: all of its examples are used`]
        : []),
    ],
  };
}
