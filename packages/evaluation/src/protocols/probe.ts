import type { EvaluationModel, Matrix, MetricValue } from '@medbench/core';
import { argMax } from '../metrics/scores.js';
import { checkVectors } from '../numerics/matrix.js';
import { adamWProbe } from '../probe/adamw-probe.js';
import type { LabelledFeatures } from '../probe/features.js';
import { selectRows } from '../probe/features.js';
import { DRAWS, drawShots, fewShotMetrics, fewShotNotes, indicesExcept } from '../probe/few-shot.js';
import { linearProbe } from '../probe/linear-probe.js';
import type { LabelledImages, LabelledSplits } from '../splits/labelled-images.js';
import type { ProbeSettings } from './settings.js';

/** Features of a task's splits. */
export interface FeatureSplits {
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

/**
 * How a model computes features before or after the projection. Controls such as raw pixels have only one kind of
 * features, which serves as both.
 */
export const chooseFeatures = (model: EvaluationModel, which: 'before' | 'after'): Embed =>
  which === 'after' && model.can.joint
    ? (images, as) => model.embedImages(images, as)
    : (images, as) => model.imageFeatures(images, as);

/**
 * Computes the features of a split.
 * @param as name of its embeddings, unless the split has one of its own.
 * @throws MedbenchError if a feature is not finite.
 */
export async function embedSplit(
  model: EvaluationModel,
  { images, as: own, labels, groups }: LabelledImages,
  as: string,
  embed: Embed,
): Promise<LabelledFeatures> {
  const features = checkVectors(await embed(images, own ?? as), images.length, 'image features', model.id);
  return { features, labels, groups };
}

/**
 * Computes the features of the splits of a data set that has a training split.
 * @throws MedbenchError if a feature is not finite.
 */
export async function embedSplits(model: EvaluationModel, data: LabelledSplits, embed: Embed): Promise<FeatureSplits> {
  const test = await embedSplit(model, data.test, 'test', embed);
  const train = await embedSplit(model, data.train!, 'train', embed);
  return { test, train, val: data.val && (await embedSplit(model, data.val, 'val', embed)) };
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
function fewShotProbes(
  { train, val, test }: FeatureSplits,
  shots: number,
  { classes, seed, fit }: { classes: number; seed: number; fit: (splits: FeatureSplits) => ProbeRun },
): Record<string, MetricValue> {
  const predictions = Array.from({ length: DRAWS }, (_, draw) => {
    const chosen = drawShots(train.labels, shots, { seed, draw, part: 'train' });
    const rest = val && val.labels.length > 0 ? val : selectRows(train, indicesExcept(train, chosen));
    const heldOut = selectRows(rest, drawShots(rest.labels, shots, { seed, draw, part: 'val' }));
    return argMax(fit({ train: selectRows(train, chosen), val: heldOut, test }).logits, classes);
  });
  return fewShotMetrics(predictions, test, { shots, classes, seed });
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
  const primary = await embedSplits(model, data, chooseFeatures(model, projection ? 'after' : 'before'));
  const fit = makeProbe(settings, classes, seed);
  const run = fit(primary);
  const probesBoth = settings.solver === 'lbfgs' && settings.features === 'both' && model.can.joint;
  const projected = probesBoth ? fit(await embedSplits(model, data, chooseFeatures(model, 'after'))) : undefined;
  const fewShot: Record<string, MetricValue> = {};
  for (const shots of settings.shots) Object.assign(fewShot, fewShotProbes(primary, shots, { classes, seed, fit }));
  return {
    logits: run.logits,
    fewShot,
    ...(projected ? { projected: projected.logits } : {}),
    notes: [
      ...run.notes,
      ...(projected ? projected.notes.map((note) => `after the projection: ${note}`) : []),
      ...fewShotNotes(settings.shots, DRAWS, primary.train.labels, classes),
    ],
  };
}
