import {
  type Backend,
  ensureFolder,
  type HostTensors,
  type MeasurementState,
  MedbenchError,
  NO_PROFILE,
  type Profile,
  type Session,
} from '@medbench/core';
import { prefetch } from '@medbench/data';
import { LEARNING_RATE, type SupervisedStep } from '../step/supervised.js';
import { type Progress, readResume, writeResume } from './progress.js';
import { NO_STANDING } from './validation.js';

/** All that a supervised training needs beside its step. */
export interface SupervisedTraining {
  /** What is trained, for messages. */
  readonly what: string;
  readonly step: SupervisedStep;
  readonly backend: Backend;
  /** Parameter values before the first step. */
  readonly start: () => HostTensors;
  readonly steps: number;
  /** Learning rate of a step, from 0. */
  readonly learningRate: (step: number) => number;
  /** Inputs of a step. They must depend on the step alone, so that a resumed training sees the same. */
  readonly batch: (step: number) => Promise<HostTensors>;
  /** Number of steps between checkpoints. There is one after the last step too. */
  readonly checkpointEvery: number;
  readonly resume?: MeasurementState | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly event?: ((entry: Readonly<Record<string, unknown>>) => void) | undefined;
  readonly profile?: Profile | undefined;
}

/** A finished supervised training. */
export interface TrainedStep {
  /** The step's session with the trained state. Whoever trained disposes it. */
  readonly session: Session;
  /** Loss by step, at most 200 points beside the last. */
  readonly curve: readonly { readonly step: number; readonly loss: number }[];
  /** Seconds of all parts of an interrupted training. */
  readonly seconds: number;
}

/** Most points of the loss curve, beside that of the last step. */
const CURVE_POINTS = 200;

/**
 * Trains by a supervised step. If `resume` holds a state of the same key, training resumes from it and ends with the
 * same parameters as an uninterrupted one.
 * @throws MedbenchError('interrupted') after a checkpoint, if the signal aborts; ('training') if the loss or the
 *   gradient norm is not finite, naming the step.
 */
export async function trainSupervised(training: SupervisedTraining): Promise<TrainedStep> {
  const { what, step: definition, backend, steps, resume, signal, profile = NO_PROFILE } = training;
  const stored = resume && (await readResume(resume.folder, resume.key));
  const from: Pick<Progress, 'step' | 'seconds' | 'curve' | 'state'> = stored ?? {
    ...{ step: 0, seconds: 0, curve: [] },
    state: definition.initialState(training.start()),
  };
  if (stored) training.event?.({ training: what, resumedAt: stored.step });
  const session = await backend.load(definition.program, from.state, { selfCheck: !stored });
  try {
    const began = performance.now();
    const seconds = (): number => from.seconds + (performance.now() - began) / 1000;
    const curve = [...from.curve];
    let step = from.step;
    const curveInterval = Math.max(1, Math.ceil(steps / CURVE_POINTS));
    const checkpoint = (): Promise<void> =>
      profile.span('checkpoints', async () => {
        if (!resume) return;
        await ensureFolder(resume.folder);
        const state = await session.readState();
        await writeResume(resume.folder, resume.key, {
          ...{ step, seconds: seconds(), curve, standing: NO_STANDING, ended: step === steps, state },
        });
      });
    for await (const batch of prefetch(training.batch, from.step, steps)) {
      if (signal?.aborted) {
        await checkpoint();
        throw new MedbenchError('interrupted', `Training of ${what} stopped at step ${step}; it resumes from there`);
      }
      const rate = { shape: [], dtype: 'float32', data: Float32Array.of(training.learningRate(step)) } as const;
      const outputs = await profile.span('step', () => session.step({ ...batch, [LEARNING_RATE]: rate }));
      const loss = outputs.loss!.data[0]!;
      if (!Number.isFinite(loss) || !Number.isFinite(outputs.gradientNorm!.data[0]!)) {
        throw new MedbenchError('training', `The loss of ${what} is ${loss} at step ${step}`, {
          hint: 'Lower the learning rate.',
        });
      }
      if (step % curveInterval === 0 || step === steps - 1) curve.push({ step, loss });
      step++;
      if (step % training.checkpointEvery === 0 || step === steps) {
        training.event?.({ training: what, step, steps, loss, learningRate: rate.data[0] });
        await checkpoint();
      }
    }
    return { session, curve, seconds: seconds() };
  } catch (error) {
    await session.dispose();
    throw error;
  }
}
