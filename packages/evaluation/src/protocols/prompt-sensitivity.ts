import type { EvaluationModel, TaskResult } from '@medbench/core';
import { MedbenchError } from '@medbench/core';
import { preparedMeans } from '../metrics/mean-scores.js';
import { argMax } from '../metrics/scores.js';
import { classTexts, templateWeights, zeroShotLogits } from '../zero-shot/zero-shot.js';
import { type ClassificationData, measuredSplits } from './classification.js';
import { jointIntervals, scoredResult } from './scored.js';
import type { MeasureOptions } from './settings.js';
import { embedTestImages } from './zero-shot.js';

/** Mean, smallest, largest and standard deviation (with n - 1) of a metric over the templates. */
function spread(values: readonly number[]): number[] {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const square = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return [mean, Math.min(...values), Math.max(...values), Math.sqrt(square / (values.length - 1))];
}

const SPREAD = ['mean', 'min', 'max', 'sd'] as const;

/** Number of templates of a task. @throws MedbenchError('config') if one template has no text for some class. */
function countTemplates(texts: readonly (readonly string[])[], classes: readonly string[]): number {
  const templates = texts[0]!.length;
  const other = texts.findIndex((ofClass) => ofClass.length !== templates);
  if (other < 0) return templates;
  throw new MedbenchError(
    'config',
    `class "${classes[0]}" has ${templates} prompts and class "${classes[other]}" has ${texts[other]!.length}`,
    { hint: 'Prompt sensitivity compares templates, which must have a text for every class: leave this protocol off.' },
  );
}

/**
 * Measures how much zero-shot classification depends on the wording: each template of the task alone names the classes.
 * The texts are those of zero-shot, which averages the templates. Intervals resample the test examples; those of the
 * spread hold for these templates.
 * @returns undefined if the model has no joint space.
 * @throws MedbenchError if labels do not fit, the test split is empty, or an embedding is not finite; ('config') if
 * the task has one template, or classes have different numbers of prompts.
 */
export async function measurePromptSensitivity(
  model: EvaluationModel,
  data: ClassificationData,
  options: MeasureOptions,
): Promise<TaskResult | undefined> {
  if (!model.can.joint) return undefined;
  const measured = measuredSplits(data, options);
  const { test } = measured.splits;
  const classes = data.classes.length;
  const texts = classTexts(data.prompts, data.classPhrases ?? data.classes);
  const templates = countTemplates(texts, data.classes);
  if (templates < 2) {
    throw new MedbenchError('config', 'the task has one prompt template, so there is no spread over templates', {
      hint: 'Choose other prompts (taskSettings.TASK.prompts), or leave evaluation.promptSensitivity off.',
    });
  }
  const weights = await templateWeights(model, texts);
  const images = await embedTestImages(model, test);
  const hits = weights.map((ofTemplate) => {
    const predicted = argMax(zeroShotLogits(images, ofTemplate, model.logitScale), classes);
    return Uint8Array.from(predicted, (label, i) => (label === test.labels[i] ? 1 : 0));
  });
  const means = preparedMeans(test.labels, classes);
  const metrics = jointIntervals(
    {
      names: ['accuracy', 'balanced_accuracy']
        .flatMap((name) => SPREAD.map((part) => `template_${name}_${part}`))
        .concat(hits.map((_, t) => `template_${t + 1}_accuracy`)),
      values(counts) {
        const reached = hits.map((ofTemplate) => means(ofTemplate, counts));
        const accuracies = reached.map(({ mean }) => mean);
        return [...spread(accuracies), ...spread(reached.map(({ balanced }) => balanced)), ...accuracies];
      },
    },
    measured,
    options,
  );
  const perExample = Array.from(test.labels, (_, i) => hits.reduce((sum, hit) => sum + hit[i]!, 0) / hits.length);
  const notes = [
    `each of ${templates} templates alone`,
    ...(typeof data.prompts === 'function'
      ? []
      : [`templates: ${data.prompts.map((template, t) => `${t + 1} "${template}"`).join(', ')}`]),
  ];
  return scoredResult(
    'prompt-sensitivity',
    {
      metrics,
      primary: 'template_accuracy_mean',
      balanced: ['template_balanced_accuracy_mean'],
      perExample,
      notes,
    },
    measured,
    options,
  );
}
