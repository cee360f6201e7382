import type { ProtocolId, TaskKind } from '@medbench/core';
import type {
  EmbeddedCount,
  MeasuredCell,
  MeasuredTraining,
  MeasuredUnit,
  Measurements,
  PhaseSeconds,
} from './measure/record.js';

/** Phases of a cell that take as long for a few examples as for all. */
const FIXED = new Set(['compiling', 'first step, self-check', 'other', 'start-up', 'leak search']);

/** Protocols whose time grows with the square of the examples: they compare all images with all texts. */
const SQUARE: ReadonlySet<ProtocolId> = new Set(['retrieval']);

/**
 * Share of the time of reading images that a later row of the same process takes: it finds them decoded and resized, and
 * only normalises them. Assumed: on the demo it is between 0.12 and 0.15.
 */
export const READ_AGAIN = 0.14;

/** Times a steady step that the first step of a checked program takes at most. Assumed: on the demo it is 1.5 to 2. */
const FIRST_STEP = 2;

/** Share of the time of a training step on a pair that its validation takes: the forward pass alone. Assumed. */
export const VALIDATION_OF_STEP = 1 / 3;

/** Seconds of embedding as many rows as a run does. */
function embeddingSeconds({ asked, embedded, embedding }: EmbeddedCount, ratio: number): number {
  return embedded > 0 ? (embedding * asked * ratio) / embedded : 0;
}

const readingSeconds = ({ asked, embedded, reading }: EmbeddedCount, ratio: number): number =>
  embedded > 0 ? (reading * asked * ratio) / embedded : 0;

/** Fills in the seconds of lists that a row did not embed, by its rate on the others; see `EmbeddingBudget`. */
export function fillEmbedding(cells: readonly MeasuredCell[]): MeasuredCell[] {
  const fill = (which: 'images' | 'texts') => {
    const sum = (field: keyof EmbeddedCount): number => cells.reduce((total, cell) => total + cell[which][field], 0);
    const embedded = Math.max(1, sum('embedded'));
    const [reading, embedding] = [sum('reading') / embedded, sum('embedding') / embedded];
    return ({ [which]: count }: MeasuredCell): EmbeddedCount =>
      count.embedded > 0 || count.asked === 0 ? count : { asked: count.asked, embedded: 1, reading, embedding };
  };
  const [images, texts] = [fill('images'), fill('texts')];
  return cells.map((cell) => ({ ...cell, images: images(cell), texts: texts(cell) }));
}

/** The time of a cell on all examples of its task. */
export interface CellSeconds {
  /** All but opening the data and reading images. */
  readonly seconds: number;
  /** Opening the data for the first row of a process. */
  readonly opening: number;
  /** Reading and resizing images for the first row of a process. */
  readonly reading: number;
}

/**
 * Scales a measured cell to all examples. Embedding grows with images and texts; prompts of classes are as many as they
 * are. Protocols and intervals grow with the examples, retrieval with their square; opening data and
 * compiling do not grow.
 * @param examples number of examples of the task in the run.
 * @param stepSeconds seconds of a training step for one pair, for protocols that train the towers.
 */
export function scaleCell(cell: MeasuredCell, kind: TaskKind, examples: number, stepSeconds: number): CellSeconds {
  const ratio = cell.used > 0 ? examples / cell.used : 1;
  const texts = kind === 'retrieval' || kind === 'vqa' ? ratio : 1;
  const { 'opening data': opening = 0, ...own } = cell.phases;
  const phases = Object.entries(own).reduce(
    (sum, [phase, seconds]) => sum + seconds * (FIXED.has(phase) ? 1 : SQUARE.has(phase) ? ratio ** 2 : ratio),
    0,
  );
  const towers = cell.trainsTowers.reduce((sum, one) => sum + one.epochs * one.examples * ratio * stepSeconds, 0);
  return {
    seconds:
      phases +
      towers +
      embeddingSeconds(cell.images, ratio) +
      embeddingSeconds(cell.texts, texts) +
      readingSeconds(cell.texts, texts),
    opening,
    reading: readingSeconds(cell.images, ratio),
  };
}

/** How long a training is, and how often it is interrupted by other work. */
export interface TrainingLength {
  /** Steps of each phase. */
  readonly phases: readonly number[];
  readonly batchSize: number;
  readonly checkpointEvery: number;
  /** Pairs of all validations together. */
  readonly validatedPairs: number;
}

/** Seconds of a training of a row, and of its parts. */
export interface TrainingSeconds {
  /** Compiling, first steps and their self-check, the start of the loader. */
  readonly setUp: number;
  /** A steady step with its wait for the batch, in the phase that has most steps. */
  readonly step: number;
  readonly steps: number;
  readonly checkpoints: number;
  readonly validation: number;
  readonly total: number;
}

const seconds = (phases: PhaseSeconds, ...names: string[]): number =>
  names.reduce((sum, name) => sum + (phases[name] ?? 0), 0);

/** Seconds of a step for one pair. */
export const pairSeconds = ({ stepMs, waitMs, batchSize }: MeasuredTraining): number =>
  (stepMs + waitMs) / 1000 / batchSize;

/**
 * Scales the measured steps of a row to its training. A step on a larger batch takes as much longer as the batch is larger;
 * each checkpoint takes as long as the measured one.
 * @param measured number of measured steps, the first included.
 */
export function scaleTraining(
  { phases, training }: MeasuredUnit & { readonly training: MeasuredTraining },
  { phases: steps, batchSize, checkpointEvery, validatedPairs }: TrainingLength,
  measured: number,
): TrainingSeconds {
  const larger = batchSize / training.batchSize;
  const phaseStep = (i: number): number => {
    const ms = i === 0 ? training.stepMs : (training.later[i - 1]?.stepMs ?? training.stepMs);
    return ((ms + training.waitMs) / 1000) * larger;
  };
  const total = steps.reduce((sum, count) => sum + count, 0);
  const stepsSeconds = steps.reduce((sum, count, i) => sum + count * phaseStep(i), 0);
  const firstWaits = Math.max(0, seconds(phases, 'waiting for batches') - (measured * training.waitMs) / 1000);
  // What was measured at the batch size of the run is checked: the run finds that in the cache. Other programs are not.
  const firstStep = (measuredSeconds: number, ms: number): number =>
    larger > 1 ? measuredSeconds : Math.min(measuredSeconds, (FIRST_STEP * ms) / 1000);
  const setUp =
    seconds(phases, 'compiling', 'other') +
    firstStep(seconds(phases, 'first step, self-check'), training.stepMs) +
    firstWaits +
    training.later.reduce((sum, { load, first, stepMs }) => sum + load + firstStep(first, stepMs), 0);
  const checkpoints = seconds(phases, 'checkpoints') * (1 + Math.floor(Math.max(0, total - 1) / checkpointEvery));
  const validation = validatedPairs * pairSeconds(training) * VALIDATION_OF_STEP;
  const longest = steps.indexOf(Math.max(...steps));
  return {
    ...{ setUp, checkpoints, validation, steps: stepsSeconds, step: phaseStep(longest) },
    total: setUp + stepsSeconds + checkpoints + validation,
  };
}

/** Measurements as towers, or a device, would have them whose steps and embedding take this share of the time. */
export function scaleTowers(measurements: Measurements, share: number): Measurements {
  const scaleTrainingTimes = (training: MeasuredTraining): MeasuredTraining => ({
    ...training,
    stepMs: training.stepMs * share,
    later: training.later.map((phase) => ({ ...phase, stepMs: phase.stepMs * share })),
  });
  const scaleEmbedding = (count: EmbeddedCount): EmbeddedCount => ({ ...count, embedding: count.embedding * share });
  return {
    ...measurements,
    units: measurements.units.map(({ training, cells, ...unit }) => ({
      ...unit,
      ...(training ? { training: scaleTrainingTimes(training) } : {}),
      cells: cells.map((cell) => ({
        ...cell,
        images: scaleEmbedding(cell.images),
        texts: scaleEmbedding(cell.texts),
      })),
    })),
  };
}
