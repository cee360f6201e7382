import { type HostTensors, MedbenchError, NO_PROFILE, type Profile, type TrainRequest } from '@medbench/core';
import { prefetch } from '@medbench/data';
import type { BatchLoader } from '../loading/loader.js';
import type { LoadedStep } from '../step/training-step.js';
import type { CostMeter } from './meter.js';
import { type Progress, writeResume } from './progress.js';
import { shouldStop } from './validation.js';
import type { Validator } from './validator.js';

/** Most points of the loss curve in the record, beside that of the last step. */
const CURVE_POINTS = 200;

const scalar = (outputs: HostTensors, name: string): number => outputs[name]!.data[0]!;

/** The outputs of a step as plain numbers, for the log. */
const scalars = (outputs: HostTensors): Record<string, number> =>
  Object.fromEntries(Object.keys(outputs).map((name) => [name, scalar(outputs, name)]));

/** The resources that `runSteps` uses. */
export interface LoopResources {
  readonly load: BatchLoader;
  /** Index of each training pair in the whole corpus. */
  readonly indices: Int32Array;
  readonly validator: Validator | undefined;
  /** Number of steps between two validations. */
  readonly validateEvery: number;
  readonly meter: CostMeter;
}

/**
 * Measures how fast a training is from one line of the log to the next, with everything that comes between them. The time
 * before the first line is left out: the step is compiled then.
 */
function measurePace(batchSize: number): (step: number) => { readonly pairsPerSecond?: number } {
  let last: { readonly step: number; readonly time: number } | undefined;
  return (step) => {
    const before = last;
    last = { step, time: performance.now() };
    if (!before) return {};
    const perSecond = ((step - before.step) * batchSize * 1000) / (last.time - before.time);
    return { pairsPerSecond: Math.round(perSecond * 100) / 100 };
  };
}

/** Yields the same items, and profiles the time until each arrives as `waiting for batches`. */
async function* measureWaits<T>(items: AsyncIterable<T>, profile: Profile): AsyncGenerator<T> {
  const iterator = items[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await profile.span('waiting for batches', () => iterator.next());
      if (next.done) return;
      yield next.value;
    }
  } finally {
    await iterator.return?.();
  }
}

/**
 * Yields the same batches, each of which the session has on its device by then: the next one is copied while the step on
 * this one runs.
 */
async function* sendAhead(batches: AsyncIterable<HostTensors>, session: LoadedStep): AsyncGenerator<HostTensors> {
  const iterator = batches[Symbol.asyncIterator]();
  const sendNext = async (): Promise<IteratorResult<HostTensors>> => {
    const next = await iterator.next();
    if (!next.done) await session.send?.(next.value);
    return next;
  };
  let sent = sendNext();
  try {
    for (;;) {
      const next = await sent;
      if (next.done) return;
      sent = sendNext();
      // A failure is reported when the turn of the batch comes; until then it must not count as unhandled.
      sent.catch(() => undefined);
      yield next.value;
    }
  } finally {
    await sent.catch(() => undefined);
    await iterator.return?.();
  }
}

/**
 * Runs the steps from `from.step` (included) to `until` (excluded), or until validation stops the training early.
 * @returns the progress after the last step, with its state.
 * @throws MedbenchError('interrupted') after a checkpoint, if the signal aborts; ('training') if the loss or the
 *   gradient norm is not finite.
 */
export async function runSteps(
  request: TrainRequest,
  session: LoadedStep,
  { load, indices, validator, validateEvery, meter }: LoopResources,
  from: Progress,
  until: number,
): Promise<Progress> {
  const { training, row, folder, key, signal, profile = NO_PROFILE } = request;
  const began = performance.now();
  const seconds = (): number => from.seconds + (performance.now() - began) / 1000;
  const pace = measurePace(training.batchSize);
  const curve = [...from.curve];
  const curveInterval = Math.max(1, Math.ceil(training.steps / CURVE_POINTS));
  let step = from.step;
  let { standing } = from;
  const save = async (ended = step === training.steps): Promise<Progress> => {
    const state = await session.readState();
    const progress = { ...from, step, seconds: seconds(), curve, standing, ended, state };
    if (!ended) {
      request.mayWrite?.();
      await writeResume(folder, key, progress);
    }
    return progress;
  };
  const checkpoint = (ended?: boolean): Promise<Progress> => profile.span('checkpoints', () => save(ended));
  const loaded = prefetch(load, from.step, until, load.ahead);
  for await (const batch of measureWaits(session.send ? sendAhead(loaded, session) : loaded, profile)) {
    if (signal.aborted) {
      await checkpoint();
      throw new MedbenchError('interrupted', `Training of ${row} stopped at step ${step}; it resumes from there`);
    }
    const outputs = await profile.span('step', () => session.step(batch));
    load.recycle(batch);
    const residentBytes = meter.sample();
    const loss = scalar(outputs, 'loss');
    if (!Number.isFinite(loss) || !Number.isFinite(scalar(outputs, 'gradientNorm'))) {
      // The event lists the examples, so that the batch can be inspected.
      const examples = [...load.order(step)].map((i) => indices[i]!);
      request.event({ training: row, step, ...scalars(outputs), diverged: true, examples });
      throw new MedbenchError('training', `The loss of ${row} is ${loss} at step ${step} (seed ${request.seed})`, {
        hint: 'Lower training.learningRate, or set training.clipNorm. The log has the earlier steps and the examples of this batch.',
      });
    }
    if (step % curveInterval === 0 || step === training.steps - 1) curve.push({ step, loss });
    if (step % training.logEvery === 0 || step === training.steps - 1) {
      request.event({ training: row, step, ...scalars(outputs), ...pace(step), residentBytes });
    }
    step++;
    request.progress({ step, steps: training.steps, loss });
    if (validator && (step % validateEvery === 0 || step === training.steps)) {
      standing = await profile.span('validation', () => validator(step, standing));
      if (shouldStop(training.validation, standing)) {
        request.event({ training: row, step, stoppedEarly: true, best: standing.best });
        return checkpoint(true);
      }
    }
    if (step % training.checkpointEvery === 0 && step < training.steps) await checkpoint();
  }
  return checkpoint();
}
