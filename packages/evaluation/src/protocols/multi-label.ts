import type { EvaluationModel, Matrix, MetricValue, ProtocolId, TaskResult } from '@medbench/core';
import { MedbenchError, NO_PROFILE } from '@medbench/core';
import { placementScores, rankingPrecision, summarizeMultiLabel } from '../metrics/multi-label.js';
import { checkVectors } from '../numerics/matrix.js';
import { type MultiLabelFeatures, multiLabelProbe } from '../probe/multi-label-probe.js';
import { type MultiLabelImages, type MultiLabelSplits, multiLabelValidation } from '../splits/multi-label-images.js';
import { classTexts, type Prompts, zeroShotLogits, zeroShotWeights } from '../zero-shot/zero-shot.js';
import { type MeasureOptions, PROBE_SETTINGS, type ProbeSettings, quickestSettings, withDefaults } from './settings.js';
import { embedTestImages } from './zero-shot.js';

/** Data that tasks of kind `multi-label` give to their protocols. */
export interface MultiLabelData extends MultiLabelSplits {
  /** Names of the labels, in the order of the columns of `targets`. */
  readonly labelNames: readonly string[];
  readonly prompts: Prompts;
  /** Phrase for each label in a prompt. Default: the name of the label. */
  readonly phrases?: readonly string[];
}

/** Whether the data of a protocol are those of a `multi-label` task. */
export const isMultiLabel = (data: object): data is MultiLabelData => 'labelNames' in data;

/** Cache of `measuredSplits`, so that protocols that measure the same data get the same image objects. */
const validationByData = new WeakMap<MultiLabelData, MultiLabelSplits>();

function measuredSplits(data: MultiLabelData, { split }: MeasureOptions): MultiLabelSplits {
  const labels = data.labelNames.length;
  for (const [name, { images, targets }] of Object.entries({
    train: data.train,
    val: data.val,
    test: data.test,
  }).filter((entry): entry is [string, MultiLabelImages] => entry[1] !== undefined)) {
    if (targets.length !== images.length * labels) {
      throw new MedbenchError(
        'data',
        `the ${name} split has ${images.length} images of ${labels} labels, but ${targets.length} entries of labels`,
      );
    }
    const wrong = targets.findIndex((target) => target !== 0 && target !== 1);
    if (wrong >= 0) {
      throw new MedbenchError(
        'data',
        `${name} image ${Math.floor(wrong / labels)} has ${targets[wrong]} for a label; it must be 0 or 1`,
      );
    }
  }
  if (data.test.images.length === 0) throw new MedbenchError('data', 'the test split is empty');
  if (split !== 'val') return data;
  const splits = validationByData.get(data) ?? multiLabelValidation(data, labels);
  validationByData.set(data, splits);
  return splits;
}

/** Makes the result of a protocol from scores `[N, L]` of the test examples. */
function multiLabelResult(
  protocol: ProtocolId,
  scores: Float64Array,
  test: MultiLabelImages,
  data: MultiLabelData,
  options: MeasureOptions,
  { notes, further = {} }: { readonly notes: readonly string[]; readonly further?: Record<string, MetricValue> },
): TaskResult {
  const { labelNames } = data;
  const { seed, split, profile = NO_PROFILE, metric = 'auc' } = options;
  const scored = { scores, targets: test.targets, labels: labelNames.length };
  const perExample = rankingPrecision(scored);
  const own = profile.span('statistics', () =>
    summarizeMultiLabel(scored, labelNames, perExample, { seed, groups: test.groups }),
  );
  const metrics = { ...own, ...further };
  if (metrics[metric] === undefined) {
    throw new MedbenchError('evaluation', `the primary metric "${metric}" is undefined on this test split`, {
      hint: `Metrics that are defined: ${Object.keys(metrics).join(', ')}`,
    });
  }
  const undefinedLabels = labelNames.filter((name) => own[`auc_${name}`] === undefined);
  return {
    protocol,
    metric,
    metrics,
    n: test.images.length,
    perExample,
    ...pairedScores(metric, () => placementScores(scored)),
    ...(test.groups ? { groups: [...test.groups] } : {}),
    notes: [
      ...notes,
      ...(undefinedLabels.length > 0
        ? [`no AUROC of labels that no image or every image has: ${undefinedLabels.join(', ')}`]
        : []),
      ...(metric === 'auc' || metric === 'label_ranking_ap'
        ? []
        : [`rows are not compared: no scores of single images have ${metric} as their mean`]),
      ...(split === 'val' ? ['measured on validation images, not on the test split'] : []),
    ],
  };
}

/**
 * Scores of the images for paired tests of the primary metric. `label_ranking_ap` is the mean of `perExample`. No scores
 * of single images have the mean average precision as their mean and its variance: such a column is not tested.
 */
function pairedScores(metric: string, placements: () => number[]): { readonly scores?: readonly number[] } {
  if (metric === 'label_ranking_ap') return {};
  return { scores: metric === 'auc' ? placements() : [] };
}

/**
 * Measures zero-shot classification of images that may have several labels: the score of a label is the cosine
 * similarity of the image and the label's prompts. AUROC and average precision need an order of the images for each
 * label alone, so no probability is made of it. (A sigmoid of 100 times the cosine, as in the study's code, is 1 in 32
 * bits for nearly every image and label, which makes ties of all scores.)
 * @returns undefined if the model has no joint space.
 * @throws MedbenchError if labels do not fit, the test split is empty, or an embedding is not finite.
 */
export async function measureMultiLabelZeroShot(
  model: EvaluationModel,
  data: MultiLabelData,
  options: MeasureOptions,
): Promise<TaskResult | undefined> {
  if (!model.can.joint) return undefined;
  const { test } = measuredSplits(data, options);
  const texts = classTexts(data.prompts, data.phrases ?? data.labelNames);
  const weights = await zeroShotWeights(model, texts);
  const images = await embedTestImages(model, test);
  const notes = [`${texts.flat().length} prompts for ${data.labelNames.length} labels`];
  return multiLabelResult('zero-shot', zeroShotLogits(images, weights, 1), test, data, options, { notes });
}

type Embed = (images: MultiLabelImages['images'], as: string) => Promise<Matrix>;

/**
 * Linear probe of images that may have several labels (see `multiLabelProbe`).
 * @returns undefined if the model embeds no images or there is no training split.
 * @throws as `measureMultiLabelZeroShot`.
 */
export async function measureMultiLabelProbe(
  model: EvaluationModel,
  data: MultiLabelData,
  options: MeasureOptions<ProbeSettings>,
): Promise<TaskResult | undefined> {
  if (!model.can.images || data.train === undefined) return undefined;
  const requested = withDefaults<ProbeSettings>(PROBE_SETTINGS, options.settings);
  const settings = options.embedOnly ? quickestSettings(requested) : requested;
  const splits = measuredSplits(data, options);
  const { test } = splits;
  const embed = async (split: MultiLabelImages, as: string, by: Embed): Promise<MultiLabelFeatures> => ({
    features: checkVectors(await by(split.images, split.as ?? as), split.images.length, 'image features', model.id),
    targets: split.targets,
    groups: split.groups,
  });
  const probe = async (by: Embed) => {
    const { features } = await embed(test, 'test', by);
    const train = await embed(splits.train!, 'train', by);
    const val = settings.validation === 'none' || !splits.val ? undefined : await embed(splits.val, 'val', by);
    return multiLabelProbe({ train, val, test: features }, data.labelNames.length, { settings, seed: options.seed });
  };
  const before: Embed = (images, as) => model.imageFeatures(images, as);
  const after: Embed = (images, as) => model.embedImages(images, as);
  const projection = settings.solver === 'clip-benchmark' || settings.features === 'after';
  const primary = await probe(projection && model.can.joint ? after : before);
  const further: Record<string, MetricValue> = {};
  const notes = [...primary.notes];
  if (settings.solver === 'lbfgs' && settings.features === 'both' && model.can.joint) {
    const projected = await probe(after);
    const { metrics } = multiLabelResult('linear-probe', projected.scores, test, data, options, { notes: [] });
    for (const name of ['auc', 'mean_ap']) further[`${name}_projected`] = metrics[name]!;
    notes.push(...projected.notes.map((note) => `after the projection: ${note}`));
  }
  if (requested.shots.length > 0) notes.push('few-shot probes are made of tasks with one label per image only');
  return multiLabelResult('linear-probe', primary.scores, test, data, options, { notes, further });
}
