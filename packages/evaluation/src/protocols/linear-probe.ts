import type { EvaluationModel, MetricValue, TaskResult } from '@medbench/core';
import { MedbenchError } from '@medbench/core';
import {
  type ClassificationData,
  classificationResult,
  measuredSplits,
  summarizeTestLogits,
} from './classification.js';
import { probeTask } from './probe.js';
import { type MeasureOptions, PROBE_SETTINGS, type ProbeSettings, quickestSettings, withDefaults } from './settings.js';

/** Renames the metrics of the probe on projected features to `<metric>_projected`. */
const projectedMetrics = (metrics: Readonly<Record<string, MetricValue>>): Record<string, MetricValue> =>
  Object.fromEntries(
    ['accuracy', 'balanced_accuracy', 'auc'].flatMap((name) =>
      metrics[name] ? [[`${name}_projected`, metrics[name]]] : [],
    ),
  );

/**
 * Linear probe: a linear classifier of frozen features, fitted to the training split (see `linearProbe`, `adamWProbe`).
 * @returns undefined if the model embeds no images or there is no training split.
 * @throws MedbenchError if labels do not fit, the test split is empty, or a feature is not finite; ('config') if a
 * number of shots is not a whole number.
 */
export async function measureLinearProbe(
  model: EvaluationModel,
  data: ClassificationData,
  options: MeasureOptions<ProbeSettings>,
): Promise<TaskResult | undefined> {
  if (!model.can.images || data.train === undefined) return undefined;
  const requested = withDefaults<ProbeSettings>(PROBE_SETTINGS, options.settings);
  const broken = requested.shots.find((shots) => !Number.isInteger(shots));
  if (broken !== undefined) throw new MedbenchError('config', `shots must be whole numbers, not ${broken}`);
  const settings = options.embedOnly ? quickestSettings(requested) : requested;
  const measured = measuredSplits(data, options);
  const probe = await probeTask(model, measured.splits, data.classes.length, { settings, seed: options.seed });
  const projected = probe.projected
    ? projectedMetrics(summarizeTestLogits(probe.projected, measured, options).metrics)
    : {};
  const further = { ...projected, ...probe.fewShot };
  return classificationResult('linear-probe', probe.logits, measured, options, { notes: probe.notes, further });
}
