import type { EvaluationModel, TaskResult } from '@medbench/core';
import { MedbenchError } from '@medbench/core';
import { accuracy } from '../metrics/index.js';
import { argMax } from '../metrics/scores.js';
import { nearestNeighbours } from '../neighbours/nearest.js';
import { voteLogits } from '../neighbours/vote.js';
import { type LabelledFeatures, splitForChoice } from '../probe/features.js';
import { type ClassificationData, classificationResult, measuredSplits } from './classification.js';
import { chooseFeatures, embedSplits } from './probe.js';
import { KNN_SETTINGS, type KnnSettings, type MeasureOptions, withDefaults } from './settings.js';

type Vote = Pick<KnnSettings, 'vote' | 'temperature'>;

/** Share of the training split that is held out to choose k if there is no validation split. */
const HOLDOUT_SHARE = 0.1;

/** The logits of held-out or test examples for a number of neighbours, from one search for the largest number. */
async function searchOnce(
  known: LabelledFeatures,
  queries: LabelledFeatures,
  classes: number,
  { largest, vote, backend }: { readonly largest: number; readonly vote: Vote } & Pick<MeasureOptions, 'backend'>,
): Promise<(k: number) => Float64Array> {
  const found = Math.min(largest, known.labels.length);
  const neighbours = await nearestNeighbours(queries.features, known.features, found, { backend });
  return (k) => voteLogits(neighbours, known.labels, classes, { k: Math.min(k, found), ...vote });
}

/** Chooses the smallest of the most accurate numbers of neighbours. */
async function chooseK(
  { train, val }: { readonly train: LabelledFeatures; readonly val?: LabelledFeatures | undefined },
  classes: number,
  { k: given, ...vote }: Pick<KnnSettings, 'k'> & Vote,
  options: Pick<MeasureOptions, 'backend'>,
): Promise<{ readonly k: number; readonly notes: readonly string[] }> {
  const grid = [...given].sort((a, b) => a - b);
  const { fit, heldOut, notes } = splitForChoice(train, val, HOLDOUT_SHARE);
  if (grid.length === 1 || heldOut.labels.length === 0) return { k: grid[0]!, notes: [`k = ${grid[0]}`] };
  const logits = await searchOnce(fit, heldOut, classes, { ...options, vote, largest: grid.at(-1)! });
  let best = { k: grid[0]!, accuracy: -1 };
  for (const k of grid) {
    const reached = accuracy(heldOut.labels, argMax(logits(k), classes));
    if (reached > best.accuracy) best = { k, accuracy: reached };
  }
  return { k: best.k, notes: [...notes, `k = ${best.k} of ${grid.join(', ')}, by the accuracy on held-out examples`] };
}

/**
 * Classification by nearest neighbours: the k training images of largest cosine similarity vote for the class of a test
 * image (see `nearestNeighbours`, `voteLogits`). Nothing is fitted but k.
 * @returns undefined if the model embeds no images or there is no training split.
 * @throws MedbenchError if labels do not fit, a split is empty, or a feature is not finite; ('config') if a number of
 * neighbours is not a whole number.
 */
export async function measureKnn(
  model: EvaluationModel,
  data: ClassificationData,
  options: MeasureOptions<KnnSettings>,
): Promise<TaskResult | undefined> {
  if (!model.can.images || data.train === undefined) return undefined;
  const settings = withDefaults<KnnSettings>(KNN_SETTINGS, options.settings);
  const wrong = settings.k.find((k) => !Number.isInteger(k));
  if (wrong !== undefined) throw new MedbenchError('config', `evaluation.knn.k must be whole numbers, not ${wrong}`);
  const measured = measuredSplits(data, options);
  const { splits } = measured;
  if (splits.train!.labels.length === 0) throw new MedbenchError('data', 'the training split is empty');
  const features = await embedSplits(model, splits, chooseFeatures(model, settings.features));
  const classes = data.classes.length;
  const { vote, temperature, k: grid } = settings;
  const given = options.embedOnly ? grid.slice(0, 1) : grid;
  const { k, notes } = await chooseK(features, classes, { k: given, vote, temperature }, options);
  const logits = await searchOnce(features.train, features.test, classes, {
    ...{ largest: k, vote: { vote, temperature }, backend: options.backend },
  });
  const known = features.train.labels.length;
  const more = k > known ? [`the training split has only ${known} examples: all of them vote`] : [];
  return classificationResult('knn', logits(k), measured, options, { notes: [...notes, ...more] });
}
