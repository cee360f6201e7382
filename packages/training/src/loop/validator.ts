import { join } from 'node:path';
import { type HostTensors, MedbenchError, type TrainRequest } from '@medbench/core';
import { writeSafetensors } from '@medbench/nn';
import { batchLoader, type LoaderOptions } from '../loading/loader.js';
import type { LoadedStep } from '../step/training-step.js';
import { weightsMetadata } from '../towers/model.js';
import { updateStanding, type ValidationStanding } from './validation.js';

/** File with the weights of the lowest validation loss so far. */
export const BEST_FILE = 'best.safetensors';

/** Measures the loss on the held-out pairs after `step` steps, and adds it to the standing. */
export type Validator = (step: number, previous: ValidationStanding) => Promise<ValidationStanding>;

/**
 * Creates the validator of a loaded step. It measures the mean loss of the same batches each time, with the same draws
 * and the largest crop of each image (the evaluation view, if training crops are `fixed`). If `validation.keep` is `best`, it writes the weights of each new lowest loss to
 * `best.safetensors`.
 * @throws MedbenchError('config') if the held-out pairs do not fill a batch.
 */
export function createValidator(
  request: TrainRequest,
  session: LoadedStep,
  selectWeights: (state: HostTensors) => HostTensors,
  options: Omit<LoaderOptions, 'pairs'>,
  pairs: LoaderOptions['pairs'],
): Validator {
  const { training, folder, row } = request;
  // Made on the main thread, which waits for each batch anyway. The workers are busy with the next training batches.
  const crop = options.crop?.kind === 'fixed' ? ({ kind: 'whole' } as const) : options.crop;
  const load = batchLoader({ ...options, pairs, cropScale: [1, 1], crop, seed: 0, workers: 0 });
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
