import { type Backend, type DualEncoderModel, MedbenchError, type Program } from '@medbench/core';
import { loadingBytes } from '../loading/loader.js';
import { type PreparedRow, prepareRow, type SetupRequest } from '../step/setup.js';
import { formatMebibytes, memoryBudget } from './budget.js';

/** Predicted peak memory of the process that trains a row. The row's record has the measured one as `peakMemory`. */
export interface RowMemory {
  readonly peakBytes: number;
  /** Share of `peakBytes` that the self-check of the first step takes; 0 where it is skipped. */
  readonly checkBytes: number;
}

/** Estimates the memory of programs: a backend, or a device to plan for. */
export type MemoryEstimator = Pick<Backend, 'id' | 'estimate' | 'deviceMemory' | 'takesLevels'>;

/** Predicted peak memory of a row on the device that trains it, and the bytes that programs may take there. */
export interface DeviceMemory {
  readonly bytes: number;
  readonly budget: number;
}

/** A row, prepared so that its training fits into memory. */
export interface FittedRow extends PreparedRow {
  /** Memory of the phase that takes most; undefined on a backend that gives no estimate. */
  readonly memory?: RowMemory;
  /** Memory of the phase that takes most, on a backend with a device. Then `memory` is undefined. */
  readonly device?: DeviceMemory;
  /** Whether there is room for the self-check of the first step. */
  readonly checked: boolean;
  /**
   * Present if the batch is split although the settings do not ask for it: the chunk size, the bytes that a step on the
   * whole batch would take, and the bytes of the budget.
   */
  readonly split?: { readonly chunkSize: number; readonly wholeBytes: number; readonly budget: number };
}

export interface FitOptions {
  /**
   * The training that resumes. It keeps the whole batch or the chunks with which it began, however much memory is free
   * now.
   */
  readonly resumeFrom?: { readonly chunkSize?: number | undefined } | undefined;
  /** Number of training pairs, where it is known: the cache of their images takes memory. */
  readonly pairs?: number;
}

/** Peak memory without the self-check, and the bytes that the self-check adds. */
interface MemoryNeed {
  readonly bytes: number;
  readonly checkBytes: number;
}

/** Chunk sizes that divide a batch, and that a number of devices divide, the largest first. */
const chunkSizes = (batch: number, devices: number): number[] =>
  Array.from({ length: batch - 1 }, (_, i) => batch - 1 - i).filter(
    (size) => batch % size === 0 && size % devices === 0,
  );

/**
 * Prepares a row. If the settings leave the chunk size open (`training.chunkSize: null`) and the whole batch does not
 * fit into memory, the batch is split into the largest chunks that fit: gradient caching computes the same gradient, up
 * to rounding. The self-check of the first step never splits a batch. It is skipped if there is no room for it.
 * Works on shapes alone.
 * @throws MedbenchError('config') with both figures if the batch cannot be split or no chunk is small enough; and as
 *   `prepareRow`.
 */
export async function fitRow(
  model: DualEncoderModel,
  request: SetupRequest,
  backend: MemoryEstimator,
  { resumeFrom, pairs }: FitOptions = {},
): Promise<FittedRow> {
  const { row, training } = request;
  const { batchSize, precision, devices = 1 } = training;
  const options = { devices, ...(precision ? { precision } : {}) };
  const estimator = backend.estimate ? { estimate: (program: Program) => backend.estimate!(program, options) } : {};
  const deviceBudget = await backend.deviceMemory?.();
  const chunked = (chunkSize: number): PreparedRow => {
    const prepared = prepareRow(model, { ...request, training: { ...training, chunkSize } });
    return { ...prepared, setup: { ...prepared.setup, chunkSize } };
  };
  const estimateNeed = async ({ phases }: PreparedRow): Promise<MemoryNeed | undefined> => {
    let need: MemoryNeed | undefined;
    for (const { step } of phases) {
      const estimate = await step.memory(estimator);
      if (!estimate) return undefined;
      if (deviceBudget !== undefined) {
        // The self-check runs beside the device, and is skipped for programs that are too large for it.
        need = { bytes: Math.max(need?.bytes ?? 0, estimate.bytes), checkBytes: 0 };
        continue;
      }
      const { imageSize } = model.image;
      const loading = loadingBytes(
        { batchSize, imageSize, inputs: step.inputs, crop: training.crop, bytes: backend.takesLevels },
        pairs,
      );
      need = {
        bytes: Math.max(need?.bytes ?? 0, estimate.peakBytes + loading),
        checkBytes: Math.max(need?.checkBytes ?? 0, estimate.checkBytes),
      };
    }
    return need;
  };
  const budget = deviceBudget ?? memoryBudget();
  const fitted = (prepared: PreparedRow, need: MemoryNeed | undefined): FittedRow => {
    if (!need) return { ...prepared, checked: true };
    if (deviceBudget !== undefined)
      return { ...prepared, checked: true, device: { bytes: need.bytes, budget: deviceBudget } };
    const checked = need.bytes + need.checkBytes <= budget;
    const checkBytes = checked && !resumeFrom ? need.checkBytes : 0;
    return { ...prepared, checked, memory: { peakBytes: need.bytes + checkBytes, checkBytes } };
  };
  const automatic = training.chunkSize === null;
  const initial =
    automatic && resumeFrom?.chunkSize !== undefined ? chunked(resumeFrom.chunkSize) : prepareRow(model, request);
  const initialNeed = await estimateNeed(initial);
  if (!initialNeed || !automatic || resumeFrom || initialNeed.bytes <= budget) return fitted(initial, initialNeed);

  const shortage =
    `A step of ${row} with training.batchSize=${batchSize} would take about ${formatMebibytes(initialNeed.bytes)}, ` +
    `and there are ${formatMebibytes(budget)}${deviceBudget === undefined ? '' : ' for programs on the device'}`;
  const overrideHint = `set training.chunkSize=${batchSize} to try it anyway`;
  let chunkNeed: MemoryNeed | undefined;
  for (const chunkSize of chunkSizes(batchSize, devices)) {
    const prepared = chunked(chunkSize);
    try {
      chunkNeed = await estimateNeed(prepared);
    } catch (cause) {
      if (!(cause instanceof MedbenchError) || cause.code !== 'config') throw cause;
      throw new MedbenchError('config', `${shortage}; it cannot be split: ${cause.message}`, {
        hint: `Lower training.batchSize, choose another encoders.image, or ${overrideHint}.`,
        cause,
      });
    }
    if (chunkNeed && chunkNeed.bytes <= budget)
      return { ...fitted(prepared, chunkNeed), split: { chunkSize, wholeBytes: initialNeed.bytes, budget } };
  }
  throw new MedbenchError('config', `${shortage}; the smallest chunks take ${formatMebibytes(chunkNeed?.bytes ?? 0)}`, {
    hint: `Lower training.batchSize, choose smaller encoders, or ${overrideHint}.`,
  });
}

/** Log lines that say how a row was fitted into memory. */
export function fitMessages(row: string, { split, checked, setup }: FittedRow, resumed: boolean): string[] {
  const messages: string[] = [];
  if (split)
    messages.push(
      `${row}: a step on the whole batch would take about ${formatMebibytes(split.wholeBytes)} and there are ` +
        `${formatMebibytes(split.budget)}, so it is split into chunks of ${split.chunkSize} (the same gradient up to rounding)`,
    );
  else if (resumed && setup.chunkSize !== undefined)
    messages.push(`${row}: resumes in chunks of ${setup.chunkSize}, with which it began`);
  if (!checked && !resumed) messages.push(`${row}: the first step is not self-checked, for lack of memory`);
  return messages;
}

/** Predicted memory of a row: of the process that trains it, or on a backend with a device, of the device. */
export interface PredictedMemory {
  readonly process?: RowMemory;
  readonly device?: DeviceMemory;
  /** Present if the batch is split although the settings do not ask for it. */
  readonly chunkSize?: number;
}

/**
 * Predicts the memory that the training of a row takes, without cached images. It splits the batch as `fitRow` does.
 * @returns neither figure on a backend that gives no estimate.
 */
export async function predictMemory(
  model: DualEncoderModel,
  request: SetupRequest,
  backend: MemoryEstimator,
): Promise<PredictedMemory> {
  const { memory, device, split } = await fitRow(model, request, backend);
  return {
    ...(memory ? { process: memory } : {}),
    ...(device ? { device } : {}),
    ...(split ? { chunkSize: split.chunkSize } : {}),
  };
}
