import type { EvaluationModel, TaskResult } from '@medbench/core';
import { checkVectors } from '../numerics/matrix.js';
import { classTexts, zeroShotLogits, zeroShotWeights } from '../zero-shot/zero-shot.js';
import { type ClassificationData, classificationResult, measuredSplits } from './classification.js';
import type { MeasureOptions } from './settings.js';

/**
 * Measures zero-shot classification: each image is assigned the class whose prompts are nearest (Radford et al. 2021,
 * section 3.1).
 * @returns undefined if the model has no joint space.
 * @throws MedbenchError if labels do not fit, the test split is empty, or an embedding is not finite.
 */
export async function measureZeroShot(
  model: EvaluationModel,
  data: ClassificationData,
  options: MeasureOptions,
): Promise<TaskResult | undefined> {
  if (!model.can.joint) return undefined;
  const measured = measuredSplits(data, options);
  const { test } = measured.splits;
  const texts = classTexts(data.prompts, data.classPhrases ?? data.classes);
  const weights = await zeroShotWeights(model, texts);
  const embedded = await model.embedImages(test.images, test.as ?? 'test');
  const images = checkVectors(embedded, test.images.length, 'image embeddings', model.id);
  const logits = zeroShotLogits(images, weights, model.logitScale);
  const notes = [`${texts.flat().length} prompts for ${data.classes.length} classes`];
  return classificationResult('zero-shot', logits, measured, options, { notes });
}
