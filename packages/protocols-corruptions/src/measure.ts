import type { EvaluationModel, Matrix, ProtocolContext, TaskResult } from '@medbench/core';
import { MedbenchError } from '@medbench/core';
import {
  argMax,
  type ClassificationData,
  chooseFeatures,
  classTexts,
  embedSplit,
  jointIntervals,
  linearProbe,
  logisticLogits,
  type MeasuredSplits,
  measuredSplits,
  preparedMeans,
  scoredResult,
  zeroShotLogits,
  zeroShotWeights,
} from '@medbench/evaluation';
import { CORRUPTIONS, type Condition, type CorruptionId, conditionName, underCondition } from './corruptions.js';
import type { CorruptionSettings } from './settings.js';

type Context = ProtocolContext<CorruptionSettings>;

/** A classifier that was made before any corrupted image is seen. */
interface Classifier {
  readonly kind: 'embeddings' | 'features';
  /** Logits `[N, classes]` of images by their embeddings or features. */
  classify(images: Matrix): Float64Array;
  readonly notes: readonly string[];
}

/** Zero-shot classification, as the protocol `zero-shot`. Undefined without a joint space. */
export async function zeroShotClassifier(
  model: EvaluationModel,
  data: ClassificationData,
): Promise<Classifier | undefined> {
  if (!model.can.joint) return undefined;
  const weights = await zeroShotWeights(model, classTexts(data.prompts, data.classPhrases ?? data.classes));
  return {
    kind: 'embeddings',
    classify: (images) => zeroShotLogits(images, weights, model.logitScale),
    notes: [],
  };
}

/**
 * The linear probe of the protocol `linear-probe` at its default settings, fitted to images as they are. Undefined if the
 * model embeds no images or there is no training split.
 */
export async function probeClassifier(
  model: EvaluationModel,
  data: ClassificationData,
  { splits }: MeasuredSplits,
  { embedOnly }: Pick<Context, 'embedOnly'>,
): Promise<Classifier | undefined> {
  if (!model.can.images || !splits.train) return undefined;
  const features = chooseFeatures(model, 'before');
  const train = await embedSplit(model, splits.train, 'train', features);
  const val = splits.val && (await embedSplit(model, splits.val, 'val', features));
  const nothing = { rows: 0, cols: train.features.cols, data: new Float32Array(0) };
  const probe = linearProbe(train, val, nothing, data.classes.length, embedOnly ? { grid: [1] } : {});
  return {
    kind: 'features',
    classify: (images) => logisticLogits(probe.model, images),
    notes: probe.notes,
  };
}

/** The corruptions that the settings name. @throws MedbenchError('config') for an unknown or repeated one. */
function chosenCorruptions({ corruptions }: CorruptionSettings): readonly CorruptionId[] {
  const names = corruptions.split(/[\s,]+/).filter((name) => name !== '');
  if (names.length === 0 || (names.length === 1 && names[0] === 'all')) return CORRUPTIONS;
  const wrong = names.find((name, i) => !CORRUPTIONS.some((id) => id === name) || names.indexOf(name) < i);
  if (wrong === undefined) return names as CorruptionId[];
  throw new MedbenchError('config', `"${wrong}" is no corruption, or is named twice`, {
    hint: `Name some of ${CORRUPTIONS.join(', ')}, or all.`,
  });
}

/** Shares of some conditions under which each example is classified right. */
class Shares {
  readonly #right: Float64Array;
  #conditions = 0;

  constructor(examples: number) {
    this.#right = new Float64Array(examples);
  }

  add(hits: Uint8Array): void {
    this.#conditions++;
    for (let i = 0; i < hits.length; i++) this.#right[i]! += hits[i]!;
  }

  get values(): Float64Array {
    return this.#right.map((right) => right / this.#conditions);
  }
}

/** Classifies the test images under each condition. */
async function classifyAll(
  model: EvaluationModel,
  { kind, classify }: Classifier,
  { splits: { test }, classes }: MeasuredSplits,
  { settings, signal }: Pick<Context, 'settings' | 'signal'>,
) {
  const n = test.labels.length;
  const embed = chooseFeatures(model, kind === 'embeddings' ? 'after' : 'before');
  const hits = async (condition: Condition): Promise<Uint8Array> => {
    if (signal?.aborted) throw new MedbenchError('interrupted', 'interrupted');
    const as = conditionName(test.as ?? 'test', condition, settings.side);
    const images = { ...test, images: underCondition(test.images, condition, settings.side), as };
    const { features } = await embedSplit(model, images, as, embed);
    return Uint8Array.from(argMax(classify(features), classes.length), (label, i) =>
      label === test.labels[i] ? 1 : 0,
    );
  };
  const clean = await hits('clean');
  const [all, bySeverity, byCorruption] = [new Shares(n), new Map<number, Shares>(), new Map<string, Shares>()];
  for (const corruption of chosenCorruptions(settings)) {
    byCorruption.set(corruption, new Shares(n));
    for (const severity of settings.severities) {
      if (!bySeverity.has(severity)) bySeverity.set(severity, new Shares(n));
      const right = await hits({ corruption, severity });
      for (const shares of [all, byCorruption.get(corruption)!, bySeverity.get(severity)!]) shares.add(right);
    }
  }
  return { clean, all: all.values, bySeverity, byCorruption };
}

/** Metrics of clean and corrupted images from the same bootstrap replicates. */
function corruptionMetrics(
  { clean, all, bySeverity, byCorruption }: Awaited<ReturnType<typeof classifyAll>>,
  measured: MeasuredSplits,
  context: Context,
) {
  const means = preparedMeans(measured.splits.test.labels, measured.classes.length);
  const parts = [
    ...[...bySeverity].map(([severity, shares]) => [`severity_${severity}`, shares.values] as const),
    ...[...byCorruption].map(([id, shares]) => [id.replaceAll('-', '_'), shares.values] as const),
  ];
  const names = ['accuracy', 'balanced_accuracy'].flatMap((name) => [
    ...[`corrupted_${name}`, `clean_${name}`, `${name}_drop`, `retained_${name}`],
  ]);
  const values = (counts: Int32Array): number[] => {
    const [whole, corrupted] = [means(clean, counts), means(all, counts)];
    return [
      ...(['mean', 'balanced'] as const).flatMap((which) => [
        ...[corrupted[which], whole[which], whole[which] - corrupted[which], corrupted[which] / whole[which]],
      ]),
      ...parts.map(([, shares]) => means(shares, counts).mean),
    ];
  };
  const allNames = [...names, ...parts.map(([name]) => `corrupted_accuracy_${name}`)];
  return jointIntervals({ names: allNames, values }, measured, context);
}

/**
 * Measures a classifier on corrupted test images (Hendrycks and Dietterich 2019). It is made without corrupted images, so
 * the figures say how much of it survives them.
 * @param makeClassifier returns undefined if the model or the data does not support it.
 * @throws MedbenchError if labels do not fit, the test split is empty, or an embedding is not finite; ('config') for an
 * unknown corruption.
 */
export async function measureCorruptions(
  protocol: string,
  model: EvaluationModel,
  data: ClassificationData,
  context: Context,
  makeClassifier: (measured: MeasuredSplits) => Promise<Classifier | undefined>,
): Promise<TaskResult | undefined> {
  const { settings } = context;
  const chosen = chosenCorruptions(settings);
  const wrong = settings.severities.find((severity) => !Number.isInteger(severity));
  if (wrong !== undefined) throw new MedbenchError('config', `severities must be whole numbers, not ${wrong}`);
  const measured = measuredSplits(data, context);
  const classifier = await makeClassifier(measured);
  if (!classifier) return undefined;
  const found = await classifyAll(model, classifier, measured, context);
  const notes = [
    `${chosen.length} corruptions (${chosen.join(', ')}) at severities ${settings.severities.join(', ')}, shorter side ${settings.side}`,
    ...classifier.notes,
  ];
  return scoredResult(
    protocol,
    {
      metrics: corruptionMetrics(found, measured, context),
      primary: 'corrupted_accuracy',
      balanced: ['corrupted_balanced_accuracy'],
      perExample: [...found.all],
      notes,
    },
    measured,
    context,
  );
}
