import type { EvaluationModel, MetricValue, TaskResult } from '@medbench/core';
import { MedbenchError } from '@medbench/core';
import { centroidLogits, fitCentroids, meanRow } from '../centroids/nearest-centroid.js';
import { argMax } from '../metrics/scores.js';
import { selectRows } from '../probe/features.js';
import { drawShots, fewShotMetrics, fewShotNotes } from '../probe/few-shot.js';
import { type ClassificationData, classificationResult, measuredSplits } from './classification.js';
import { chooseFeatures, embedSplits, type FeatureSplits } from './probe.js';
import { type MeasureOptions, SIMPLE_SHOT_SETTINGS, type SimpleShotSettings, withDefaults } from './settings.js';

/** Metrics of centroids of a few examples of each class, averaged over draws that are the same for all models. */
function fewShotCentroids(
  { train, test }: Pick<FeatureSplits, 'train' | 'test'>,
  how: Parameters<typeof fitCentroids>[2],
  { classes, seed, settings }: { classes: number; seed: number; settings: SimpleShotSettings },
): Record<string, MetricValue> {
  const metrics: Record<string, MetricValue> = {};
  for (const shots of settings.shots) {
    const predictions = Array.from({ length: settings.draws }, (_, draw) => {
      const chosen = selectRows(train, drawShots(train.labels, shots, { seed, draw, part: 'train' }));
      return argMax(centroidLogits(fitCentroids(chosen, classes, how), test.features), classes);
    });
    Object.assign(metrics, fewShotMetrics(predictions, test, { shots, classes, seed }));
  }
  return metrics;
}

/**
 * SimpleShot (Wang et al. 2019): the nearest centroid of the classes' training features, by default after centring on
 * their mean and bringing them to unit length (CL2N). The primary figure uses all training examples, the few-shot
 * figures some of each class. The mean needs no labels, so it is that of the whole training split in both.
 * @returns undefined if the model embeds no images or there is no training split.
 * @throws MedbenchError if labels do not fit, a split is empty, or a feature is not finite; ('config') if a number of
 * shots is not a whole number.
 */
export async function measureSimpleShot(
  model: EvaluationModel,
  data: ClassificationData,
  options: MeasureOptions<SimpleShotSettings>,
): Promise<TaskResult | undefined> {
  if (!model.can.images || data.train === undefined) return undefined;
  const requested = withDefaults<SimpleShotSettings>(SIMPLE_SHOT_SETTINGS, options.settings);
  const wrong = requested.shots.find((shots) => !Number.isInteger(shots));
  if (wrong !== undefined) {
    throw new MedbenchError('config', `evaluation.simpleShot.shots must be whole numbers, not ${wrong}`);
  }
  const settings = options.embedOnly ? { ...requested, shots: [] } : requested;
  const measured = measuredSplits(data, options);
  // Nothing is chosen, so no validation image is embedded.
  const splits = { ...measured.splits, val: undefined };
  if (splits.train!.labels.length === 0) throw new MedbenchError('data', 'the training split is empty');
  const features = await embedSplits(model, splits, chooseFeatures(model, settings.features));
  const classes = data.classes.length;
  const how = { transform: settings.transform, mean: meanRow(features.train.features) };
  const centroids = fitCentroids(features.train, classes, how);
  const empty = data.classes.filter((_, c) => centroids.counts[c] === 0);
  return classificationResult('simple-shot', centroidLogits(centroids, features.test.features), measured, options, {
    further: fewShotCentroids(features, how, { classes, seed: options.seed, settings }),
    notes: [
      `${settings.transform.toUpperCase()}, centroids of ${features.train.labels.length} training examples`,
      ...fewShotNotes(settings.shots, settings.draws, features.train.labels, classes),
      ...(empty.length > 0 ? [`no training example, so never predicted: ${empty.join(', ')}`] : []),
    ],
  });
}
