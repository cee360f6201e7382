import { cachedStep } from './cached-step.js';
import { type StepOptions, stepParts, type TrainingStep, wholeBatchStep } from './step.js';

export type { LoadedStep, StepOptions, TrainingStep } from './step.js';

/**
 * A method's training step: on whole batches, or by gradient caching if `training.chunkSize` is smaller than the batch.
 * @throws MedbenchError('config') if the chunks do not divide the batch.
 */
export function trainingStep(options: StepOptions): TrainingStep {
  const parts = stepParts(options);
  const { chunkSize, batchSize } = options.training;
  return chunkSize !== null && chunkSize < batchSize ? cachedStep(parts, chunkSize) : wholeBatchStep(parts);
}
