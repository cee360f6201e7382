import { join } from 'node:path';
import { type HostTensors, MedbenchError, type TrainRequest } from '@medbench/core';
import { writeSafetensors } from '@medbench/nn';
import { batchLoader, type LoaderOptions } from '../loading/loader.js';
import type { LoadedStep } from '../step/training-step.js';
import { weightsMetadata } from '../towers/model.js';
import { updateStanding, type ValidationStanding } from './validation.js';

/** Weights of the lowest validation loss so far. */
export const BEST_FILE = 'best.safetensors';

/** Looks at the pairs that were held out. */
export type Validator = (step: number, previous: ValidationStanding) => Promise<ValidationStanding>;

/**
 * A validator of a loaded step: the mean loss of the same batches each time, with the same draws, in the images' whole
 * frame. Weights that are better than all before are written to `best.safetensors`.
 */
export function createValidator(
  request: TrainRequest,
  session: LoadedStep,
  selectWeights: (state: HostTensors) => HostTensors,
  options: Omit<LoaderOptions, 'pairs'>,
  pairs: LoaderOptions['pairs'],
): Validator {
  const { training, folder, row } = request;
  // On this thread: it waits for each batch anyway, and the workers are making the next ones to train on.
  const load = batchLoader({ ...options, pairs, cropScale: [1, 1], seed: 0, workers: 0 });
  const count = Math.min(training.validation.batches, Math.floor(pairs.length / training.batchSize));
  if (count === 0) {
    throw new MedbenchError(
      'config',
      `${pairs.length} pairs are held out, fewer than a batch of ${training.batchSize}`,
      {
        hint: 'Raise training.validation.share, or take a larger corpus.',
      },
    );
  }
  return async (step, previous) => {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += await session.evaluate(await load(i));
    const loss = sum / count;
    const { standing, improved } = updateStanding(previous, step, loss);
    request.event({ training: row, step, validationLoss: loss, best: standing.best });
    if (improved && training.validation.keep === 'best') {
      await writeSafetensors(
        join(folder, BEST_FILE),
        selectWeights(await session.readState()),
        weightsMetadata(request),
      );
    }
    return standing;
  };
}
