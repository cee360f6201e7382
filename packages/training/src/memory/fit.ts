import { type Backend, type DualEncoderModel, MedbenchError } from '@medbench/core';
import { loadingBytes } from '../loading/loader.js';
import { type PreparedRow, prepareRow, type SetupRequest } from '../step/setup.js';
import { formatMebibytes, memoryBudget } from './budget.js';

/** Memory of the process that trains a row, at its peak: what the row's record says as `peakMemory`. */
export interface RowMemory {
  readonly peakBytes: number;
  /** What the comparison of the first step with the eager reference has in that: 0 where it is left out for want of memory. */
  readonly checkBytes: number;
}

/** A row as it can be trained in the memory there is. */
export interface FittedRow extends PreparedRow {
  /** Of the phase that takes most; undefined on a backend that does not tell. */
  readonly memory?: RowMemory;
  /** Whether the first step can be compared with the eager reference. */
  readonly checked: boolean;
  /** Why the batch is split, where the settings do not say so; in bytes. */
  readonly split?: { readonly chunkSize: number; readonly wholeBytes: number; readonly budget: number };
}

export interface FitOptions {
  /** A training that goes on: it stays whole, or in the chunks in which it began, whatever the memory is now. */
  readonly resumeFrom?: { readonly chunkSize?: number | undefined } | undefined;
  /** Pairs to train on, where they are known: images are kept in memory. */
  readonly pairs?: number;
}

/** Without the comparison, and what that adds. */
interface MemoryNeed {
  readonly bytes: number;
  readonly checkBytes: number;
}

/** Sizes of chunks that divide a batch, the largest first. */
const divisors = (batch: number): number[] =>
  Array.from({ length: batch - 1 }, (_, i) => batch - 1 - i).filter((size) => batch % size === 0);

/**
 * Prepares a row, and where the settings leave the chunk open (`training.chunkSize: null`) and the whole batch will not
 * fit, splits it into the largest chunks that do: gradient caching computes the same gradient, but for rounding.
 * The comparison with the eager reference splits nothing: it is left out where there is no room for it.
 * Works on shapes alone.
 * @throws MedbenchError('config') with both figures if it cannot be split, or no chunk is small enough; and as `prepareRow`.
 */
export async function fitRow(
  model: DualEncoderModel,
  request: SetupRequest,
  backend: Backend,
  { resumeFrom, pairs }: FitOptions = {},
): Promise<FittedRow> {
  const { row, training } = request;
  const { batchSize } = training;
  const chunked = (chunkSize: number): PreparedRow => {
    const prepared = prepareRow(model, { ...request, training: { ...training, chunkSize } });
    return { ...prepared, setup: { ...prepared.setup, chunkSize } };
  };
  const estimateNeed = async ({ phases }: PreparedRow): Promise<MemoryNeed | undefined> => {
    let need: MemoryNeed | undefined;
    for (const { step } of phases) {
      const estimate = await step.memory(backend);
      if (!estimate) return undefined;
      const loading = loadingBytes({ batchSize, imageSize: model.image.imageSize, inputs: step.inputs }, pairs);
      need = {
        bytes: Math.max(need?.bytes ?? 0, estimate.peakBytes + loading),
        checkBytes: Math.max(need?.checkBytes ?? 0, estimate.checkBytes),
      };
    }
    return need;
  };
  const budget = memoryBudget();
  const fitted = (prepared: PreparedRow, need: MemoryNeed | undefined): FittedRow => {
    if (!need) return { ...prepared, checked: true };
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
    `and there are ${formatMebibytes(budget)}`;
  const overrideHint = `set training.chunkSize=${batchSize} to try it nevertheless`;
  let chunkNeed: MemoryNeed | undefined;
  for (const chunkSize of divisors(batchSize)) {
    const prepared = chunked(chunkSize);
    try {
      chunkNeed = await estimateNeed(prepared);
    } catch (cause) {
      if (!(cause instanceof MedbenchError) || cause.code !== 'config') throw cause;
      throw new MedbenchError('config', `${shortage}; it cannot be split: ${cause.message}`, {
        hint: `Lower training.batchSize, name another encoders.image, or ${overrideHint}.`,
        cause,
      });
    }
    if (chunkNeed && chunkNeed.bytes <= budget)
      return { ...fitted(prepared, chunkNeed), split: { chunkSize, wholeBytes: initialNeed.bytes, budget } };
  }
  throw new MedbenchError('config', `${shortage}; the smallest chunks take ${formatMebibytes(chunkNeed?.bytes ?? 0)}`, {
    hint: `Lower training.batchSize, name smaller encoders, or ${overrideHint}.`,
  });
}

/** What is logged of how a row was fitted into memory. */
export function fitMessages(row: string, { split, checked, setup }: FittedRow, resumed: boolean): string[] {
  const messages: string[] = [];
  if (split)
    messages.push(
      `${row}: a step on the whole batch would take about ${formatMebibytes(split.wholeBytes)} and there are ` +
        `${formatMebibytes(split.budget)}, so it is split into chunks of ${split.chunkSize} (the same gradient but for rounding)`,
    );
  else if (resumed && setup.chunkSize !== undefined)
    messages.push(`${row}: goes on in chunks of ${setup.chunkSize}, in which it began`);
  if (!checked && !resumed) messages.push(`${row}: not compared with the eager reference, for which there is no room`);
  return messages;
}

/**
 * The memory of a process that trains a row at its peak, in bytes, without the images that it keeps; undefined on a backend
 * that does not tell. As `fitRow`.
 */
export async function stepMemory(
  model: DualEncoderModel,
  request: SetupRequest,
  backend: Backend,
): Promise<(RowMemory & { readonly chunkSize?: number }) | undefined> {
  const { memory, split } = await fitRow(model, request, backend);
  return memory && { ...memory, ...(split ? { chunkSize: split.chunkSize } : {}) };
}
