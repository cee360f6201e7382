import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  ensureFolder,
  type HostTensors,
  MedbenchError,
  NO_PROFILE,
  type TrainOutcome,
  type TrainRequest,
} from '@medbench/core';
import { initialise, readSafetensors, writeSafetensors } from '@medbench/nn';
import { checkWeights } from '@medbench/weights';
import { ImageMemory } from '../loading/images.js';
import { batchLoader } from '../loading/loader.js';
import { fitMessages, fitRow } from '../memory/fit.js';
import type { TrainingStep } from '../step/training-step.js';
import { buildModel, WEIGHTS, weightsMetadata } from '../towers/model.js';
import { loop } from './loop.js';
import { costMeter } from './meter.js';
import { RESUME, readResume } from './progress.js';
import { HeldOutPairs, NO_STANDING, validates } from './validation.js';
import { BEST, createValidator } from './validator.js';

/** What trainings of one run share: decoded images, and which pairs are held out. */
export interface TrainingMemory {
  readonly images: ImageMemory;
  readonly heldOut: HeldOutPairs;
}

export const newTrainingMemory = (): TrainingMemory => ({ images: new ImageMemory(), heldOut: new HeldOutPairs() });

/** Parameters before the first step: drawn for the seed, then the general-domain ones laid over the towers. */
async function startingPoint(
  request: TrainRequest,
  specs: Parameters<typeof initialise>[0],
  towers: Parameters<typeof checkWeights>[1],
): Promise<HostTensors> {
  const drawn = initialise(specs, request.seed);
  if (request.start === 'scratch') return drawn;
  const file = request.generalWeights;
  if (!file)
    throw new MedbenchError('training', `${request.row} starts from general-domain weights, but there are none`);
  const { tensors } = await readSafetensors(file);
  checkWeights(tensors, towers, file);
  return { ...drawn, ...tensors };
}

/**
 * Trains one row: the same loop, data order, optimizer and schedule for every method. Goes on from `resume.safetensors`
 * if one is there under the same key, and then ends with the same weights as an undisturbed run.
 * @throws MedbenchError('training') if the loss is not finite, naming the step and the batch's examples.
 */
export async function train(
  request: TrainRequest,
  { images, heldOut }: TrainingMemory = newTrainingMemory(),
): Promise<TrainOutcome> {
  const { row, training, folder, key, profile = NO_PROFILE } = request;
  const { model, tokenizer } = await buildModel(request);
  const { validation } = training;
  const held = heldOut.split(request.corpus, validation, training.batchSize);
  const last = Math.min(training.stopAt ?? training.steps, training.steps);
  let progress = await readResume(folder, key);
  // What went further than this training is to go is of no use to it.
  if (progress && progress.step > last) progress = undefined;
  const resumed = progress !== undefined;
  const pairs = Math.min(held.training.length, training.steps * training.batchSize);
  const fitted = await fitRow(model, request, request.backend, { begun: progress, pairs });
  for (const message of fitMessages(row, fitted, resumed)) request.log(message);
  const { specs, phases, parameters, setup, memory, checked } = fitted;
  const { step } = phases[0]!;
  request.event({
    training: row,
    parameters,
    ...setup,
    ...(memory ? { peakBytes: memory.peakBytes } : {}),
    steps: training.steps,
    pairs: held.training.length,
    ...(validates(validation) ? { heldOut: held.validation.length } : {}),
  });
  await ensureFolder(folder);
  if (progress) request.event({ training: row, resumedAt: progress.step });
  progress ??= {
    ...{ step: 0, seconds: 0, curve: [], standing: NO_STANDING, ended: training.steps === 0 },
    state: step.initialState(await startingPoint(request, specs, model.parameters)),
    chunkSize: setup.chunkSize,
  };
  const meter = costMeter();
  const towers = (all: HostTensors): HostTensors => towersOf(step, all, model.parameters);
  for (const { until, step: current } of phases) {
    if (progress.step >= Math.min(until, last) || progress.ended) continue;
    const session = await current.load(request.backend, progress.state, {
      log: request.log,
      selfCheck: !resumed && checked,
    });
    // The session has its own: what it started from need not stay in memory.
    progress = { ...progress, state: {} };
    const options = { ...loaderOptions(request, model), tokenizer, inputs: current.inputs, memory: images };
    const load = batchLoader({ ...options, pairs: held.training });
    const validator = validates(validation)
      ? createValidator(request, session, towers, options, held.validation)
      : undefined;
    try {
      progress = await loop(
        request,
        session,
        { load, indices: held.indices, validator, meter },
        progress,
        Math.min(until, last),
      );
    } finally {
      await load.close();
      await session.dispose();
    }
  }
  const cost = meter.read(progress.seconds);
  const stopped = last < training.steps && !progress.ended;
  const weights = join(folder, stopped ? `weights-${last}.safetensors` : WEIGHTS);
  const { best } = progress.standing;
  const earlier = validation.keep === 'best' && best !== null && best.step < progress.step;
  const kept = earlier ? (await readSafetensors(join(folder, BEST))).tensors : towers(progress.state);
  await profile.span('checkpoints', () => writeSafetensors(weights, kept, weightsMetadata(request)));
  if (!stopped) {
    await rm(join(folder, RESUME), { force: true });
    await rm(join(folder, BEST), { force: true });
  }
  return {
    weights,
    record: {
      steps: progress.step,
      seconds: Math.round(progress.seconds * 1000) / 1000,
      parameters,
      setup,
      ...cost,
      finalLoss: progress.curve.at(-1)?.loss ?? 0,
      ...(best
        ? {
            validation: {
              curve: progress.standing.curve,
              kept: earlier ? best : progress.standing.curve.at(-1)!,
              stoppedEarly: progress.step < last,
            },
          }
        : {}),
      curve: progress.curve,
    },
  };
}

const loaderOptions = (
  { training, seed, log, profile = NO_PROFILE }: TrainRequest,
  { image, text }: Awaited<ReturnType<typeof buildModel>>['model'],
) => ({
  imageSize: image.imageSize,
  contextLength: text.contextLength,
  batchSize: training.batchSize,
  cropScale: training.cropScale,
  seed,
  log,
  profile,
});

/** What is kept of a state: the two towers and the logit scale, without the method's own heads. */
function towersOf(step: TrainingStep, state: HostTensors, towers: readonly { readonly name: string }[]): HostTensors {
  const parameters = step.parametersOf(state);
  return Object.fromEntries(towers.map(({ name }) => [name, parameters[name]!]));
}
