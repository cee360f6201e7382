import { cachedStep } from './cached-step.js';
import type { StepOptions } from './definition.js';
import { defineStep, type TrainingStep, wholeBatchStep } from './step.js';

export type { StepOptions } from './definition.js';
export type { LoadedStep, TrainingStep } from './step.js';

/**
 * A method's training step: on whole batches, or by gradient caching if `training.chunkSize` is smaller than the batch.
 * @throws MedbenchError('config') if the chunks do not divide the batch.
 */
export function trainingStep(options: StepOptions): TrainingStep {
  const definition = defineStep(options);
  const { chunkSize, batchSize } = options.training;
  return chunkSize !== null && chunkSize < batchSize ? cachedStep(definition, chunkSize) : wholeBatchStep(definition);
}
