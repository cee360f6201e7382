import type { EvaluationModel, Metric, Protocol, TaskContext, TaskResult } from '@medbench/core';
import { EVALUATION_DEFAULTS, MedbenchError, NO_PROFILE } from '@medbench/core';
import { sampledLabels } from '../gallery/sampled.js';
import { summarizeClassification } from '../metrics/classification.js';
import { checkVectors } from '../numerics/matrix.js';
import type { ProbeOptions } from '../probe/linear-probe.js';
import type { ClassificationData, LabelledImages } from '../splits/labelled-images.js';
import type { Prompts } from '../zero-shot/zero-shot.js';
import { classTexts, zeroShotLogits, zeroShotWeights } from '../zero-shot/zero-shot.js';
import { probeTask } from './probe.js';
import { validationData } from './validation.js';

export interface ClassificationSpec {
  /** Class names in label order. */
  readonly classes: readonly string[];
  readonly prompts: Prompts;
  /** What stands for each class in a prompt. Default: its name. */
  readonly classPhrases?: readonly string[];
  /** Primary metric of each protocol (`TaskInfo.metric`). Default `accuracy`. */
  readonly metric?: Readonly<Partial<Record<Protocol, string>>>;
  readonly probe?: ProbeOptions;
}

/** Share of the training split under which a class is rare. */
const RARE = 0.05;

/** Classes under 5 % of a split. */
function rareClasses(labels: Int32Array, classes: number): number[] {
  const counts = new Int32Array(classes);
  for (const label of labels) counts[label]!++;
  return [...counts.keys()].filter((c) => counts[c]! < RARE * labels.length);
}

/** Metrics that say which features they are of. */
const projectedMetrics = (metrics: Readonly<Record<string, Metric>>): Record<string, Metric> =>
  Object.fromEntries(
    ['accuracy', 'balanced_accuracy', 'auc'].flatMap((name) =>
      metrics[name] ? [[`${name}_projected`, metrics[name]]] : [],
    ),
  );

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

/**
 * Runs the classification protocols of `context.protocols` that the model allows: `zero-shot` needs a joint space,
 * `linear-probe` needs images and a training split.
 *
 * @throws MedbenchError if labels do not fit, the test split is empty, or an embedding is not finite.
 */
export async function evaluateClassification(
  model: EvaluationModel,
  data: ClassificationData,
  spec: ClassificationSpec,
  context: TaskContext,
): Promise<TaskResult[]> {
  const used = context.evaluation?.split === 'val' ? validationData(data) : data;
  const { train, val, test } = used;
  const { profile = NO_PROFILE } = context;
  const classes = spec.classes.length;
  for (const [name, split] of Object.entries({ train, val, test })) if (split) checkLabels(split, name, classes);
  if (test.labels.length === 0) throw new MedbenchError('data', 'the test split is empty');

  const rare = rareClasses((train ?? test).labels, classes);
  const options = { seed: context.seed, groups: test.groups, rare };
  const summary = (logits: Float64Array) =>
    profile.span('statistics', () => summarizeClassification(logits, test.labels, spec.classes, options));
  const result = (
    protocol: Protocol,
    logits: Float64Array,
    notes: readonly string[],
    further: Readonly<Record<string, Metric>> = {},
  ): TaskResult => {
    const said = used === data ? notes : [...notes, 'measured on validation pictures, not on the test split'];
    const { metrics: own, perExample, confusion, predicted, calibration } = summary(logits);
    const metrics = { ...own, ...further };
    const metric = spec.metric?.[protocol] ?? 'accuracy';
    if (metrics[metric] === undefined) {
      throw new MedbenchError('evaluation', `the primary metric "${metric}" is undefined on this test split`, {
        hint: `metrics here: ${Object.keys(metrics).join(', ')}`,
      });
    }
    const tested = rare.filter((c) => confusion[c]!.some((count) => count > 0)).map((c) => spec.classes[c]!);
    return {
      protocol,
      metric,
      metrics,
      n: test.labels.length,
      perExample,
      labels: [...test.labels],
      ...(test.groups ? { groups: [...test.groups] } : {}),
      classification: { classes: spec.classes, confusion, rare: tested, calibration },
      // Galleries show test pictures: places among validation pictures would be taken for theirs.
      ...(used === data ? { sampled: [sampledLabels(predicted, perExample)] } : {}),
      notes: said,
    };
  };

  const zeroShot = async (): Promise<TaskResult> => {
    const texts = classTexts(spec.prompts, spec.classPhrases ?? spec.classes);
    const weights = await zeroShotWeights(model, texts);
    const embedded = await model.embedImages(test.images, test.as ?? 'test');
    const images = checkVectors(embedded, test.images.length, 'image embeddings', model.id);
    const logits = zeroShotLogits(images, weights, model.logitScale);
    return result('zero-shot', logits, [`${texts.flat().length} prompts for ${classes} classes`]);
  };
  const linearProbe = async (): Promise<TaskResult> => {
    const settings = (context.evaluation ?? EVALUATION_DEFAULTS).probe;
    const probe = await probeTask(model, used, classes, { settings, own: spec.probe, seed: context.seed });
    const projected = probe.projected ? projectedMetrics(summary(probe.projected).metrics) : {};
    return result('linear-probe', probe.logits, probe.notes, { ...projected, ...probe.fewShot });
  };
  const results: TaskResult[] = [];
  if (context.protocols.includes('zero-shot') && model.can.joint) {
    results.push(await profile.span('zero-shot', zeroShot));
  }
  if (context.protocols.includes('linear-probe') && model.can.images && train !== undefined) {
    results.push(await profile.span('linear-probe', linearProbe));
  }
  return results;
}
