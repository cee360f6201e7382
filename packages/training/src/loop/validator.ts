import { join } from 'node:path';
import {
  type HostTensors,
  isMedbenchError,
  MedbenchError,
  type TrainingSettings,
  type TrainRequest,
  type ValidationLoss,
} from '@medbench/core';
import { batchesInOrder, batchesPerEpoch, prefetch } from '@medbench/data';
import { batchLoader, type LoaderOptions } from '../loading/loader.js';
import type { LoadedStep } from '../step/training-step.js';
import { weightsMetadata } from '../towers/model.js';
import { writeCheckpoint } from './progress.js';
import { updateStanding, type ValidationPairs, type ValidationStanding } from './validation.js';

/** File with the weights of the lowest validation loss so far. */
export const BEST_FILE = 'best.safetensors';

/** Measures the loss on the validation pairs after `step` steps, and adds it to the standing. */
export type Validator = (step: number, previous: ValidationStanding) => Promise<ValidationStanding>;

/** Number of batches from which worker threads make them. For fewer, starting the threads costs more than it saves. */
const WORKER_BATCHES = 64;

/** How many pairs a validation measures, in which batches, and by which loss. */
export function measuredPairs(
  { validation, batchSize: trained }: TrainingSettings,
  { pairs, from }: ValidationPairs,
): { readonly pairs: number; readonly batchSize: number; readonly loss: ValidationLoss } {
  const { batches, batchSize: own, loss = 'own' } = validation;
  const batchSize = own ?? trained;
  const whole = from === 'share' ? batchesPerEpoch(pairs.length, batchSize) * batchSize : pairs.length;
  return { pairs: Math.min(whole, (batches ?? Number.POSITIVE_INFINITY) * batchSize), batchSize, loss };
}

/**
 * Creates the validator of a loaded step. It measures the mean loss over the same batches each time, weighted by their
 * pairs, with the same draws. CLIP's loss is measured on the evaluation view of each image; the method's own on the
 * largest crop, which is the evaluation view too if training crops are `fixed`. If `validation.keep` is `best`, it writes
 * the weights of each new lowest loss to `best.safetensors`.
 * A method's own loss is tried at once if its batches are not of the size of the training's, for it may refuse others.
 * @throws MedbenchError('config') if the held-out pairs do not fill a batch, or the method's loss takes none of this size;
 *   ('data') if the validation corpus is empty.
 */
export async function createValidator(
  request: TrainRequest,
  session: LoadedStep,
  selectWeights: (state: HostTensors) => HostTensors,
  options: Omit<LoaderOptions, 'pairs'>,
  validated: ValidationPairs,
): Promise<Validator> {
  const { training, folder, row } = request;
  const { pairs, from } = validated;
  const { pairs: measured, batchSize, loss: kind } = measuredPairs(training, validated);
  if (measured === 0) throw nothingToMeasure(validated, batchSize);
  const count = Math.ceil(measured / batchSize);
  const whole = kind === 'clip' || options.crop?.kind === 'fixed';
  const loaderOptions: LoaderOptions = {
    ...{ ...options, pairs, batchSize, cropScale: [1, 1], crop: whole ? { kind: 'whole' } : options.crop, seed: 0 },
    ...(from === 'corpus' ? { order: batchesInOrder(measured, batchSize) } : {}),
    // CLIP's loss is of images and texts alone.
    ...(kind === 'clip' ? { inputs: {} } : {}),
    // Few batches are made on the main thread, which waits for each anyway: the training's workers are busy with its
    // next batches.
    ...(count < WORKER_BATCHES ? { workers: 0 } : {}),
  };
  const tryLoss = async (): Promise<void> => {
    const load = batchLoader({ ...loaderOptions, workers: 0 });
    try {
      for (const i of new Set([0, count - 1])) await session.evaluate(await load(i), kind);
    } catch (cause) {
      if (!isMedbenchError(cause) || cause.code !== 'config') throw cause;
      const { message } = cause;
      throw new MedbenchError(
        'config',
        `${row} cannot validate ${measured} pairs in batches of ${batchSize}: ${message}`,
        {
          hint: 'Set training.validation.loss=clip, or another training.validation.batchSize.',
          cause,
        },
      );
    } finally {
      await load.close();
    }
  };
  const measure = async (): Promise<number> => {
    const load = batchLoader(loaderOptions);
    let sum = 0;
    try {
      for await (const batch of prefetch(load, 0, count, count < WORKER_BATCHES ? 1 : load.ahead)) {
        sum += (await session.evaluate(batch, kind)) * (batch.images!.shape[0]! / batchSize);
        load.recycle(batch);
      }
    } finally {
      await load.close();
    }
    return sum / (measured / batchSize);
  };
  if (kind === 'own' && batchSize !== training.batchSize) await tryLoss();
  return async (step, previous) => {
    const loss = await measure();
    const { standing, improved } = updateStanding(previous, step, loss);
    request.event({ training: row, step, validationLoss: loss, best: standing.best });
    if (improved && training.validation.keep === 'best') {
      request.mayWrite?.();
      await writeCheckpoint(
        join(folder, BEST_FILE),
        selectWeights(await session.readState()),
        weightsMetadata(request),
      );
    }
    return standing;
  };
}

function nothingToMeasure({ pairs, from }: ValidationPairs, batchSize: number): MedbenchError {
  if (from === 'corpus') {
    return new MedbenchError('data', 'The corpus of training.validation.corpus holds no image-text pair');
  }
  return new MedbenchError('config', `${pairs.length} pairs are held out, fewer than a batch of ${batchSize}`, {
    hint: 'Raise training.validation.share, or take a larger corpus.',
  });
}
