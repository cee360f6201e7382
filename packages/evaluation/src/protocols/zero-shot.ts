import type { EvaluationModel, Matrix, TaskResult } from '@medbench/core';
import { checkVectors } from '../numerics/matrix.js';
import type { LabelledImages } from '../splits/labelled-images.js';
import { classTexts, zeroShotLogits, zeroShotWeights } from '../zero-shot/zero-shot.js';
import { type ClassificationData, classificationResult, measuredSplits } from './classification.js';
import type { MeasureOptions } from './settings.js';

/**
 * Embeds the images of the test split for a comparison with texts.
 * @returns vectors `[images, width]`.
 * @throws MedbenchError if an embedding is not finite.
 */
export async function embedTestImages(
  model: EvaluationModel,
  { images, as = 'test' }: Pick<LabelledImages, 'images' | 'as'>,
): Promise<Matrix> {
  return checkVectors(await model.embedImages(images, as), images.length, 'image embeddings', model.id);
}

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
  const images = await embedTestImages(model, test);
  const logits = zeroShotLogits(images, weights, model.logitScale);
  const notes = [`${texts.flat().length} prompts for ${data.classes.length} classes`];
  return classificationResult('zero-shot', logits, measured, options, { notes });
}
