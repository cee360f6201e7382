import type { MetricValue, ProtocolId, TaskResult } from '@medbench/core';
import { MedbenchError, NO_PROFILE } from '@medbench/core';
import { sampledLabels } from '../gallery/sampled.js';
import { balancedScores, rarePart } from '../metrics/balanced-scores.js';
import { type ClassificationSummary, summarizeClassification } from '../metrics/classification.js';
import type { LabelledImages, LabelledSplits } from '../splits/labelled-images.js';
import type { Prompts } from '../zero-shot/zero-shot.js';
import type { MeasureOptions } from './settings.js';
import { validationData } from './validation.js';

/** Data that tasks of kind `classification` give to their protocols. */
export interface ClassificationData extends LabelledSplits {
  /** Class names in label order. */
  readonly classes: readonly string[];
  readonly prompts: Prompts;
  /** Phrase for each class in a prompt. Default: the class name. */
  readonly classPhrases?: readonly string[];
}

/** Share of the training split under which a class is rare. */
const RARE = 0.05;

/** Indices of the classes with under 5 % of a split's examples. */
function rareClasses(labels: Int32Array, classes: number): number[] {
  const counts = new Int32Array(classes);
  for (const label of labels) counts[label]!++;
  return [...counts.keys()].filter((c) => counts[c]! < RARE * labels.length);
}

function checkLabels(split: LabelledImages, name: string, classes: number): void {
  if (split.labels.length !== split.images.length || (split.groups && split.groups.length !== split.labels.length)) {
    throw new MedbenchError(
      'data',
      `the ${name} split has ${split.images.length} images and ${split.labels.length} labels`,
    );
  }
  const wrong = split.labels.findIndex((label) => label < 0 || label >= classes);
  if (wrong < 0) return;
  throw new MedbenchError('data', `label ${split.labels[wrong]} of ${name} image ${wrong} is not in 0..${classes - 1}`);
}

/** A data set with the split that is measured as `test`: the test split, or validation examples in its place. */
export interface MeasuredSplits {
  readonly splits: LabelledSplits;
  readonly split: 'test' | 'val';
  /** Class names in label order. */
  readonly classes: readonly string[];
  /** Indices of the rare classes. */
  readonly rare: readonly number[];
}

/**
 * Cache of `measuredSplits`, kept as long as the data. Protocols that measure the same data get the same image objects,
 * so that a model that caches embeddings by image source embeds each image once.
 */
const measuredByData = new WeakMap<ClassificationData, Map<string, MeasuredSplits>>();

/**
 * Returns the splits that a run measures on, after checking their labels.
 * @throws MedbenchError if a label is out of range, the numbers of images and labels differ, or the test split is
 * empty.
 */
export function measuredSplits(data: ClassificationData, { split = 'test' }: MeasureOptions): MeasuredSplits {
  const cachedBySplit = measuredByData.get(data) ?? new Map<string, MeasuredSplits>();
  measuredByData.set(data, cachedBySplit);
  const cached = cachedBySplit.get(split);
  if (cached) return cached;
  const splits = split === 'val' ? validationData(data) : data;
  const { train, val, test } = splits;
  const classes = data.classes.length;
  for (const [name, labelled] of Object.entries({ train, val, test }))
    if (labelled) checkLabels(labelled, name, classes);
  if (test.labels.length === 0) throw new MedbenchError('data', 'the test split is empty');
  const result = { splits, split, classes: data.classes, rare: rareClasses((train ?? test).labels, classes) };
  cachedBySplit.set(split, result);
  return result;
}

/** Computes all classification metrics from logits `[N, classes]` of the test examples. */
export function summarizeTestLogits(
  logits: Float64Array,
  { splits: { test }, classes, rare }: MeasuredSplits,
  { seed, profile = NO_PROFILE }: MeasureOptions,
): ClassificationSummary {
  const options = { seed, groups: test.groups, rare };
  return profile.span('statistics', () => summarizeClassification(logits, test.labels, classes, options));
}

/**
 * Makes the result of a classification protocol from logits `[N, classes]` of the test examples.
 * @param further additional metrics, which are not computed from these logits.
 * @throws MedbenchError('evaluation') if the primary metric is undefined on these examples.
 */
export function classificationResult(
  protocol: ProtocolId,
  logits: Float64Array,
  measured: MeasuredSplits,
  options: MeasureOptions,
  {
    notes = [],
    further = {},
  }: { readonly notes?: readonly string[]; readonly further?: Readonly<Record<string, MetricValue>> } = {},
): TaskResult {
  const { splits, split, classes, rare } = measured;
  const { test } = splits;
  const {
    metrics: logitMetrics,
    perExample,
    confusion,
    predicted,
    calibration,
  } = summarizeTestLogits(logits, measured, options);
  const metrics = { ...logitMetrics, ...further };
  const metric = options.metric ?? 'accuracy';
  if (metrics[metric] === undefined) {
    throw new MedbenchError('evaluation', `the primary metric "${metric}" is undefined on this test split`, {
      hint: `Metrics that are defined: ${Object.keys(metrics).join(', ')}`,
    });
  }
  const tested = rare.filter((c) => confusion[c]!.some((count) => count > 0));
  const part = rarePart(perExample, test.labels, tested);
  return {
    protocol,
    metric,
    metrics,
    n: test.labels.length,
    perExample,
    // A balanced accuracy may rise while fewer examples are right. A test of unweighted scores would then contradict
    // the figure.
    ...(metric === 'balanced_accuracy' ? { scores: balancedScores(perExample, test.labels) } : {}),
    ...(part ? { parts: [part] } : {}),
    labels: [...test.labels],
    predictions: [...predicted],
    ...(test.groups ? { groups: [...test.groups] } : {}),
    classification: { classes, confusion, rare: tested.map((c) => classes[c]!), calibration },
    // Galleries show test images: indices of validation images would be taken for indices of test images.
    ...(split === 'test' ? { sampled: [sampledLabels(predicted, perExample)] } : {}),
    notes: split === 'test' ? notes : [...notes, 'measured on validation images, not on the test split'],
  };
}
