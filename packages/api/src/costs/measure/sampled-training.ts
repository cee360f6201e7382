import { statSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pretraining, Tower, TrainOutcome, TrainRequest } from '@medbench/core';
import { timePhase } from '../../speeds/measure.js';
import type { Assignment, MeasuredTraining } from './record.js';

/** Milliseconds of steady steps, and of the waits for their batches, by a profile that follows each. */
export interface SteadyTimes {
  /** Forgets all times. */
  reset(): void;
  readonly steps: readonly number[];
  readonly waits: readonly number[];
}

/** Name of the file of finished weights. */
const WEIGHTS_FILE = 'weights.safetensors';

/** The median, which other work on the machine changes less than the mean; 0 of nothing. */
function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.floor(sorted.length / 2)]];
  return low === undefined ? 0 : (low + high!) / 2;
}

const mean = (values: readonly number[]): number =>
  values.length > 0 ? values.reduce((sum, value) => sum + value, 0) / values.length : 0;

/** Chunks of a smaller batch: as many as of the whole one where it can, else two. */
function sampledChunks(chunk: number | undefined, whole: number, batchSize: number): number | null {
  if (chunk === undefined || chunk >= whole) return null;
  const size = Math.max(1, Math.min(chunk, Math.floor(batchSize / 2)));
  return batchSize % size === 0 ? size : 1;
}

const sizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0;

/**
 * Pre-training whose rows take a few steps, on a smaller batch if the sample asks for one, and without validation. It notes
 * how long steady steps take, and times the later phases of a method on generated pairs.
 */
export class SampledTraining implements Pretraining {
  /** The last training. */
  last: MeasuredTraining | undefined;
  readonly load: Pretraining['load'];
  readonly identifyVocabulary: Pretraining['identifyVocabulary'];

  constructor(
    private readonly inner: Pretraining,
    private readonly assignment: Assignment,
    private readonly times: SteadyTimes,
  ) {
    this.load = (request, weights) => inner.load(request, weights);
    this.identifyVocabulary = (request) => inner.identifyVocabulary(request);
  }

  /** Weights of the right shapes stand for those of another tool: only their size matters. */
  async findWeights(name: string): ReturnType<Pretraining['findWeights']> {
    return {
      fingerprint: name,
      async import(request, { folder }) {
        const [{ buildModel }, { initialise, writeSafetensors, countParameters }] = await Promise.all([
          import('@medbench/training'),
          import('@medbench/nn'),
        ]);
        const { model } = await buildModel(request);
        const weights = join(folder, WEIGHTS_FILE);
        const drawn = initialise(model.parameters, 0);
        await writeSafetensors(weights, drawn, { activation: request.model.activation, format: 'pt' });
        const parameters = { total: countParameters(model.parameters), trainable: 0 };
        return { weights, record: { steps: 0, seconds: 0, parameters, finalLoss: 0, curve: [] } };
      },
    };
  }

  /** The weights of a tower change no time and no size. */
  async findTower(tower: Tower, name: string): ReturnType<Pretraining['findTower']> {
    return { tower, fingerprint: name, layOver: async () => {} };
  }

  async train({ validationCorpus: _, ...request }: TrainRequest): Promise<TrainOutcome> {
    const { row, training } = request;
    const { sample, chunks } = this.assignment;
    const batchSize = Math.min(training.batchSize, sample.batchSize);
    const smaller = batchSize < training.batchSize;
    const sampled: TrainRequest = {
      ...request,
      training: {
        ...training,
        batchSize,
        ...(smaller ? { chunkSize: sampledChunks(chunks[row], training.batchSize, batchSize) } : {}),
        validation: { ...training.validation, share: 0 },
        stopAt: Math.min(training.stopAt ?? sample.steps, training.steps),
        // One checkpoint, where it stops, has the bytes and the time of all.
        checkpointEvery: training.steps + 1,
      },
    };
    this.last = undefined;
    this.times.reset();
    const outcome = await this.#train(sampled, training.stopAt === null);
    const { seconds, energy } = outcome.record;
    // The first step has its set-up, and the first waits have the start of the loader's threads.
    const [steps, waits] = [this.times.steps.slice(1), this.times.waits.slice(2, -1)];
    this.last = {
      ...{ batchSize, stepMs: median(steps), waitMs: mean(waits), later: await this.#laterPhases(sampled) },
      weightBytes: sizeOf(outcome.weights),
      // A training that has ended has removed it: weights and two moments.
      stateBytes: sizeOf(join(request.folder, 'resume.safetensors')) || 3 * sizeOf(outcome.weights),
      ...(energy?.from === 'counters' && seconds > 0 ? { watts: energy.joules / seconds } : {}),
    };
    return outcome;
  }

  /** Trains. @param whole whether the run expects finished weights, which then stand for them. */
  async #train(request: TrainRequest, whole: boolean): Promise<TrainOutcome> {
    const outcome = await this.inner.train(request);
    if (!whole) return outcome;
    const weights = join(request.folder, WEIGHTS_FILE);
    if (outcome.weights !== weights) await rename(outcome.weights, weights);
    return { ...outcome, weights };
  }

  async #laterPhases(request: TrainRequest): Promise<MeasuredTraining['later']> {
    const { buildModel, prepareRow } = await import('@medbench/training');
    const built = await buildModel(request);
    const phases = prepareRow(built.model, request).setup.phases.length;
    const later: MeasuredTraining['later'][number][] = [];
    for (let phase = 1; phase < phases; phase++) {
      const { ms, load, first } = await timePhase(built, request, request.backend, { phase, selfCheck: true });
      later.push({ load, first, stepMs: ms });
    }
    return later;
  }
}
