// The life of a step. Paths are relative to this package's src/, or to packages/ where they begin with a package.
// [recorded] marks what a compiling backend records once and replays as one compiled graph; all else is JavaScript that
// runs each time.
//
// Once per row, in `train` below:
// - `buildModel` (towers/model.ts) builds the towers of the run and the tokenizer, `HeldOutSplits` (loop/validation.ts) splits the
//   pairs of the corpus, and `readResume` (loop/progress.ts) reads the state of an interrupted training.
// - `fitRow` (memory/fit.ts) picks a chunk size if the whole batch does not fit into memory. Its `prepareRow`
//   (step/setup.ts) makes a `TrainingStep` for each phase of the method; `stateLayout` (step/layout.ts) lays out the
//   state, which `initialParameters` fills unless training resumes.
// - `TrainingStep.load` hands the step to the backend as a `Program`. A compiling backend calls `Program.run` on shapes
//   alone (usually twice, to see that it does the same again) and compiles what it recorded. An eager backend calls it
//   at each step instead.
//
// Each step, in `runSteps` (loop/loop.ts):
//  1. Pairs. `batchOrder` (data/src/batches.ts) picks them by the seed and the number of the step alone.
//  2. Batch. `batchLoader` (loading/loader.ts), called ahead of time by `prefetch` (data/src/prefetch.ts). Workers run
//     `makeBatch` (data/src/loading/job.ts): decode, shrink, crop, normalise, draw inputs such as augmented views. The
//     main thread reads files, tokenizes captions and draws the remaining inputs. Nothing random comes after this.
//  3. Towers [recorded]. `represent` (step/represent.ts) calls the method's `represent`, which runs both towers.
//  4. Objective [recorded]. `methodLoss` (step/loss.ts) computes the loss and its terms. For a weighted sum of
// objectives,
//     `sumObjectives` (core/src/methods/sum.ts) computes both; the loss of each objective is a term.
//  5. Gradients [recorded]. `differentiate` (nn/src/differentiate.ts), with respect to trained parameters alone.
//  6. Update [recorded]. `update` (step/update.ts): clipping (`clipByGlobalNorm`), AdamW (`adamW`) with the schedule
//     (`warmupCosine`), the clamp of logit scales, the EMA teacher. Buffers (batch norm, queues) get new values. Parts
//     3 to 6 are one program (`wholeBatchProgram`, step/step.ts). In chunks (gradient caching, `cachedStep`,
//     step/cached-step.ts) they are four programs on one state, and JavaScript passes arrays between them: represent
//     each chunk, compute the loss of the whole batch, represent each chunk again for its gradient, update.
//  7. Self-check. At the first call of a program, a compiling backend also runs it eagerly and compares results such as
//     loss, gradient norm and moments (backend-trace/src/self-check.ts). Skipped after a resume or if memory is short.
//  8. Log. A loss or gradient norm that is not finite ends the training. Every `logEvery` steps, `request.event` logs
//     the outputs of the step: loss, terms, gradient norm, learning rate and logit scale.
//  9. Validation, every `validation.every` steps. `createValidator` (loop/validator.ts) computes the loss on held-out
//     pairs or on those of a validation corpus [recorded] (step/evaluator.ts) and saves the best weights; `shouldStop` (loop/validation.ts) may end the training.
// 10. Checkpoint. `writeResume` (loop/progress.ts), every `checkpointEvery` steps and on interruption.
//
// At the end, `train` writes the weights of the towers (`selectTowers`) and, unless it stopped at `stopAt`, deletes the
// checkpoint.

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  checkedDevices,
  checkedPrecision,
  ensureFolder,
  type HostTensors,
  MedbenchError,
  NO_PROFILE,
  type TrainOutcome,
  type TrainRequest,
} from '@medbench/core';
import { pluginFault } from '@medbench/core/methods';
import { initialise, readSafetensors, writeSafetensors } from '@medbench/nn';
import { checkWeights } from '@medbench/weights';
import { ImageMemory } from '../loading/images.js';
import { batchLoader } from '../loading/loader.js';
import { fitMessages, fitRow } from '../memory/fit.js';
import type { TrainingStep } from '../step/training-step.js';
import { buildModel, WEIGHTS_FILE, weightsMetadata } from '../towers/model.js';
import { runSteps } from './loop.js';
import { costMeter } from './meter.js';
import { RESUME_FILE, readCheckpoint, readResume } from './progress.js';
import { HeldOutSplits, NO_STANDING, selectValidation, validationInterval } from './validation.js';
import { BEST_FILE, createValidator, measuredPairs } from './validator.js';

/** The caches that the trainings of one run share: decoded images, and which pairs are held out. */
export interface TrainingCaches {
  readonly images: ImageMemory;
  readonly heldOut: HeldOutSplits;
}

export const newTrainingCaches = (): TrainingCaches => ({ images: new ImageMemory(), heldOut: new HeldOutSplits() });

/**
 * The parameters before the first step: drawn for the seed. Unless the row starts from scratch, general-domain weights
 * replace those that the towers of the run have too.
 * @param specs the parameters of the row. @param towers the parameters of the towers of the run.
 */
async function initialParameters(
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
  const general = Object.entries(tensors).filter(([name]) => name in drawn);
  const misfit = general.find(([name, { shape }]) => shape.join() !== drawn[name]!.shape.join());
  if (misfit) {
    const [name, { shape }] = misfit;
    throw pluginFault(
      request.method.label,
      `towers() gives "${name}" the shape [${drawn[name]!.shape.join(', ')}], and the towers of the run give it ` +
        `[${shape.join(', ')}]; a parameter that starts anew needs a name of its own`,
    );
  }
  return { ...drawn, ...Object.fromEntries(general) };
}

/**
 * Trains one row: the same loop, data order, optimizer and schedule for every method. If `resume.safetensors` exists
 * with the same key, training resumes from it and ends with the same weights as an uninterrupted run.
 * @throws MedbenchError('training') if the loss is not finite, naming the step and the batch's examples.
 */
export async function train(
  request: TrainRequest,
  { images, heldOut }: TrainingCaches = newTrainingCaches(),
): Promise<TrainOutcome> {
  const { row, training, folder, key, profile = NO_PROFILE } = request;
  const precision = checkedPrecision(request.backend, training.precision);
  const devices = await checkedDevices(request.backend, training);
  const { model: towers, tokenizer, preprocessing } = await buildModel(request);
  const { validation } = training;
  // With a corpus of their own to validate on, all pairs are for training.
  const split = heldOut.split(
    request.corpus,
    request.validationCorpus ? { ...validation, share: 0 } : validation,
    training.batchSize,
  );
  const validated = selectValidation(request, split);
  const lastStep = Math.min(training.stopAt ?? training.steps, training.steps);
  let progress = await readResume(folder, key, request.damaged);
  const needsBest = progress?.standing.best && validation.keep === 'best';
  // The best weights so far cannot be made again from the state, so that a state without them is of no use.
  if (needsBest && !(await readBest(request))) progress = undefined;
  // A state from beyond the last step of this training is of no use to it.
  if (progress && progress.step > lastStep) progress = undefined;
  const resumed = progress !== undefined;
  const pairs = Math.min(split.training.length, training.steps * training.batchSize);
  const fitted = await fitRow(towers, request, request.backend, { resumeFrom: progress, pairs });
  for (const message of fitMessages(row, fitted, resumed)) request.log(message);
  const { model, specs, phases, parameters, setup, memory, device, checked } = fitted;
  const { step } = phases[0]!;
  request.event({
    ...{ training: row, parameters, key },
    ...setup,
    ...(memory ? { peakBytes: memory.peakBytes } : {}),
    ...(device ? { deviceBytes: device.bytes } : {}),
    steps: training.steps,
    pairs: split.training.length,
    ...(validated ? { [validated.from === 'share' ? 'heldOut' : 'validationPairs']: validated.pairs.length } : {}),
  });
  await ensureFolder(folder);
  if (progress) request.event({ training: row, resumedAt: progress.step });
  progress ??= {
    ...{ step: 0, seconds: 0, curve: [], standing: NO_STANDING, ended: training.steps === 0 },
    state: step.initialState(await initialParameters(request, specs, towers.parameters)),
    chunkSize: setup.chunkSize,
  };
  const meter = costMeter();
  const selectWeights = (state: HostTensors): HostTensors => selectTowers(step, state, model.parameters);
  for (const { until, step: phaseStep } of phases) {
    if (progress.step >= Math.min(until, lastStep) || progress.ended) continue;
    const session = await phaseStep.load(request.backend, progress.state, {
      log: request.log,
      selfCheck: !resumed && checked,
      ...{ precision, devices },
    });
    // The session has its own copy of the state, so this one can be freed.
    progress = { ...progress, state: {} };
    const options = {
      ...{ ...loaderOptions(request, model), tokenizer, preprocessing },
      ...{ inputs: phaseStep.inputs, memory: images },
    };
    const load = batchLoader({ ...options, pairs: split.training });
    try {
      const validator = validated && (await createValidator(request, session, selectWeights, options, validated));
      progress = await runSteps(
        request,
        session,
        {
          ...{ load, indices: split.indices, validator, meter },
          validateEvery: validationInterval(validation, split.training.length, training.batchSize),
        },
        progress,
        Math.min(until, lastStep),
      );
    } finally {
      await load.close();
      await session.dispose();
    }
  }
  const cost = meter.read(progress.seconds);
  const stopped = lastStep < training.steps && !progress.ended;
  const weights = join(folder, stopped ? `weights-${lastStep}.safetensors` : WEIGHTS_FILE);
  const { best } = progress.standing;
  const bestIsEarlier = validation.keep === 'best' && best !== null && best.step < progress.step;
  const keptWeights = bestIsEarlier ? await readBest(request) : selectWeights(progress.state);
  if (!keptWeights) {
    throw new MedbenchError('training', `The best weights of ${row} were damaged or removed while it trained`, {
      hint: 'Repeat the command: it trains this row again.',
    });
  }
  request.mayWrite?.();
  await profile.span('checkpoints', () => writeSafetensors(weights, keptWeights, weightsMetadata(request)));
  if (!stopped) {
    await rm(join(folder, RESUME_FILE), { force: true });
    await rm(join(folder, BEST_FILE), { force: true });
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
              ...measuredPairs(training, validated!),
              curve: progress.standing.curve,
              kept: bestIsEarlier ? best : progress.standing.curve.at(-1)!,
              stoppedEarly: progress.step < lastStep,
            },
          }
        : {}),
      curve: progress.curve,
    },
  };
}

/** The weights of the lowest validation loss so far; undefined if they are damaged, missing, or of another training. */
async function readBest({ folder, key, damaged }: TrainRequest): Promise<HostTensors | undefined> {
  const best = await readCheckpoint(join(folder, BEST_FILE), damaged);
  return best?.metadata.key === key ? best.tensors : undefined;
}

const loaderOptions = (
  { training, seed, log, backend, profile = NO_PROFILE }: TrainRequest,
  { image, text }: Awaited<ReturnType<typeof buildModel>>['model'],
) => ({
  imageSize: image.imageSize,
  contextLength: text.contextLength,
  batchSize: training.batchSize,
  cropScale: training.cropScale,
  crop: training.crop,
  bytes: backend.takesLevels,
  seed,
  log,
  profile,
});

/** Selects the weights that are saved: the two towers and the logit scale, without the method's own heads. */
function selectTowers(
  step: TrainingStep,
  state: HostTensors,
  towers: readonly { readonly name: string }[],
): HostTensors {
  const parameters = step.parametersOf(state);
  return Object.fromEntries(towers.map(({ name }) => [name, parameters[name]!]));
}
