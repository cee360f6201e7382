import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  ensureFolder,
  type HostTensors,
  MedbenchError,
  type RowSetup,
  type Settings,
  type TrainOutcome,
  type TrainRequest,
} from '@medbench/core';
import { batchIndices, prefetch } from '@medbench/data';
import { countParameters, frozenPart, initialise, readSafetensors, writeSafetensors } from '@medbench/nn';
import { checkWeights } from '@medbench/weights';
import { batchLoader } from './loader.js';
import { buildModel, WEIGHTS, weightsMetadata } from './model.js';
import { type LoadedStep, type TrainingStep, trainingStep } from './training-step.js';

const RESUME = 'resume.safetensors';

/** Points of the curve that go into the record. */
const CURVE_POINTS = 200;

interface Progress {
  readonly step: number;
  readonly seconds: number;
  readonly curve: { step: number; loss: number }[];
  readonly state: HostTensors;
}

/** State of an interrupted training under the same key, if there is one. */
async function readResume(folder: string, key: string): Promise<Progress | undefined> {
  const file = join(folder, RESUME);
  if (!existsSync(file)) return undefined;
  const { tensors, metadata } = await readSafetensors(file);
  if (metadata.key !== key) return undefined;
  return {
    step: Number(metadata.step),
    seconds: Number(metadata.seconds),
    curve: JSON.parse(metadata.curve ?? '[]') as Progress['curve'],
    state: tensors,
  };
}

const writeResume = (folder: string, key: string, { step, seconds, curve, state }: Progress): Promise<void> =>
  writeSafetensors(join(folder, RESUME), state, {
    key,
    step: String(step),
    seconds: String(seconds),
    curve: JSON.stringify(curve),
  });

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

const scalar = (outputs: HostTensors, name: string): number => outputs[name]!.data[0]!;

/** Named scalars of a step for the log. */
const scalars = (outputs: HostTensors): Record<string, number> =>
  Object.fromEntries(Object.keys(outputs).map((name) => [name, scalar(outputs, name)]));

/**
 * Trains one row: the same loop, data order, optimizer and schedule for every method. Goes on from `resume.safetensors`
 * if one is there under the same key, and then ends with the same weights as an undisturbed run.
 * @throws MedbenchError('training') if the loss is not finite, naming the step and the batch's examples.
 */
export async function train(request: TrainRequest): Promise<TrainOutcome> {
  const { row, method, settings, training, folder, key } = request;
  const { model, tokenizer } = await buildModel(request);
  const specs = [...model.parameters, ...(method.parameters?.(model, settings) ?? [])];
  const phases = phasesOf(request).map(({ until, settings: own }) => ({
    until,
    step: trainingStep({ name: `train:${row}`, model, method, settings: own, parameters: specs, training }),
  }));
  const { step } = phases[0]!;
  const parameters = {
    total: countParameters(specs),
    trainable: countParameters(specs.filter(({ name }) => step.trainable.includes(name))),
  };
  const still = new Set(method.frozen?.(model, settings) ?? []);
  const setup: RowSetup = {
    start: request.start,
    frozen: { image: frozenPart(model, 'image', still), text: frozenPart(model, 'text', still) },
    own: countParameters(specs) - countParameters(model.parameters),
    inputs: [...new Set(phases.flatMap(({ step: { inputs } }) => Object.keys(inputs)))],
    teacher: method.teacher?.(settings) ?? null,
    phases: phases.map(({ until }, i) => until - (phases[i - 1]?.until ?? 0)),
    settings,
  };
  request.event({ training: row, parameters, ...setup, steps: training.steps, pairs: request.corpus.pairs.length });
  await ensureFolder(folder);
  const resumed = await readResume(folder, key);
  if (resumed) request.event({ training: row, resumedAt: resumed.step });
  const state = resumed?.state ?? step.initialState(await startingPoint(request, specs, model.parameters));
  let progress: Progress = { step: 0, seconds: 0, curve: [], ...resumed, state };
  for (const { until, step: current } of phases) {
    if (progress.step >= until) continue;
    const session = await current.load(request.backend, progress.state, { log: request.log, selfCheck: !resumed });
    const { inputs } = current;
    try {
      const load = batchLoader({ ...loaderOptions(request, model), tokenizer, inputs });
      progress = await loop(request, session, load, progress, until);
    } finally {
      await session.dispose();
    }
  }
  const weights = join(folder, WEIGHTS);
  await writeSafetensors(weights, towersOf(step, progress.state, model.parameters), weightsMetadata(request));
  await rm(join(folder, RESUME), { force: true });
  return {
    weights,
    record: {
      steps: training.steps,
      seconds: Math.round(progress.seconds * 1000) / 1000,
      parameters,
      setup,
      finalLoss: progress.curve.at(-1)?.loss ?? 0,
      curve: progress.curve,
    },
  };
}

const loaderOptions = (
  { corpus, training, seed }: TrainRequest,
  { image, text }: Awaited<ReturnType<typeof buildModel>>['model'],
) => ({
  pairs: corpus.pairs,
  imageSize: image.imageSize,
  contextLength: text.contextLength,
  batchSize: training.batchSize,
  cropScale: training.cropScale,
  seed,
});

/** What is kept of a state: the two towers and the logit scale, without the method's own heads. */
function towersOf(step: TrainingStep, state: HostTensors, towers: readonly { readonly name: string }[]): HostTensors {
  const parameters = step.parametersOf(state);
  return Object.fromEntries(towers.map(({ name }) => [name, parameters[name]!]));
}

/** A method's phases, each with the step at which it ends. */
function phasesOf({ row, method, settings, training }: TrainRequest): { until: number; settings: Settings }[] {
  const phases = (method.phases?.(settings) ?? [{ share: 1, settings }]).filter(({ share }) => share > 0);
  const shares = phases.reduce((sum, { share }) => sum + share, 0);
  if (Math.abs(shares - 1) > 1e-6) {
    throw new MedbenchError('plugin', `The phases of ${row} make up ${shares} of its steps, not 1`);
  }
  let done = 0;
  return phases.map(({ share, settings: own }, i) => {
    done += share;
    return { until: i === phases.length - 1 ? training.steps : Math.round(done * training.steps), settings: own };
  });
}

/** Runs the steps from `from` to `until`. */
async function loop(
  request: TrainRequest,
  session: LoadedStep,
  load: (step: number) => Promise<HostTensors>,
  from: Progress,
  until: number,
): Promise<Progress> {
  const { training, row, folder, key, signal } = request;
  const began = performance.now();
  const seconds = (): number => from.seconds + (performance.now() - began) / 1000;
  const curve = [...from.curve];
  const every = Math.max(1, Math.ceil(training.steps / CURVE_POINTS));
  let at = from.step;
  const checkpoint = async (): Promise<Progress> => {
    const progress = { step: at, seconds: seconds(), curve, state: await session.readState() };
    if (at < training.steps) await writeResume(folder, key, progress);
    return progress;
  };
  for await (const batch of prefetch(load, from.step, until)) {
    if (signal.aborted) {
      await checkpoint();
      throw new MedbenchError('interrupted', `Training of ${row} stopped at step ${at}; it goes on from there`);
    }
    const outputs = await session.step(batch);
    const loss = scalar(outputs, 'loss');
    if (!Number.isFinite(loss) || !Number.isFinite(scalar(outputs, 'gradientNorm'))) {
      // With the examples, so that the batch can be looked at.
      const examples = [...batchIndices(request.corpus.pairs.length, training.batchSize, request.seed, at)];
      request.event({ training: row, step: at, ...scalars(outputs), diverged: true, examples });
      throw new MedbenchError('training', `The loss of ${row} is ${loss} at step ${at} (seed ${request.seed})`, {
        hint: 'Lower training.learningRate, or set training.clipNorm; the log has the steps before it and the examples of its batch.',
      });
    }
    if (at % every === 0 || at === training.steps - 1) curve.push({ step: at, loss });
    if (at % training.logEvery === 0 || at === training.steps - 1) {
      request.event({ training: row, step: at, ...scalars(outputs) });
    }
    at++;
    request.progress({ step: at, steps: training.steps, loss });
    if (at % training.checkpointEvery === 0 && at < training.steps) await checkpoint();
  }
  return checkpoint();
}
