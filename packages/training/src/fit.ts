import { type Backend, type DualEncoderModel, MedbenchError } from '@medbench/core';
import { inMebibytes, memoryBudget } from './budget.js';
import { type PreparedRow, prepareRow, type SetupRequest } from './setup.js';
import type { StepMemory } from './step.js';

/** A row as it can be trained in the memory there is. */
export interface FittedRow extends PreparedRow {
  /** Of the phase that takes most; undefined on a backend that does not tell. */
  readonly memory?: StepMemory;
  /** Why the batch is split, where the settings do not say so. */
  readonly split?: { readonly chunkSize: number; readonly whole: StepMemory; readonly budget: number };
}

async function memoryOf({ phases }: PreparedRow, backend: Backend): Promise<StepMemory | undefined> {
  let most: StepMemory | undefined;
  for (const { step } of phases) {
    const memory = await step.memory(backend);
    if (memory && memory.peakBytes > (most?.peakBytes ?? 0)) most = memory;
  }
  return most;
}

/** Sizes of chunks that divide a batch, the largest first. */
const divisors = (batch: number): number[] =>
  Array.from({ length: batch - 1 }, (_, i) => batch - 1 - i).filter((size) => batch % size === 0);

/**
 * Prepares a row, and where the settings leave the chunk open (`training.chunkSize: null`) and the whole batch will not
 * fit, splits it into the largest chunks that do: gradient caching computes the same gradient, but for rounding.
 * Works on shapes alone.
 * @throws MedbenchError('config') with both figures if it cannot be split, or no chunk is small enough; and as `prepareRow`.
 */
export async function fitRow(model: DualEncoderModel, request: SetupRequest, backend: Backend): Promise<FittedRow> {
  const whole = prepareRow(model, request);
  const memory = await memoryOf(whole, backend);
  if (!memory) return whole;
  const budget = memoryBudget();
  const { row, training } = request;
  if (training.chunkSize !== null || memory.peakBytes <= budget) return { ...whole, memory };
  const takes =
    `A step of ${row} with training.batchSize=${training.batchSize} would take about ${inMebibytes(memory.peakBytes)}, ` +
    `and there are ${inMebibytes(budget)}`;
  const regardless = `set training.chunkSize=${training.batchSize} to try it nevertheless`;
  let least: StepMemory | undefined;
  for (const chunkSize of divisors(training.batchSize)) {
    const prepared = prepareRow(model, { ...request, training: { ...training, chunkSize } });
    try {
      least = await memoryOf(prepared, backend);
    } catch (cause) {
      if (!(cause instanceof MedbenchError) || cause.code !== 'config') throw cause;
      throw new MedbenchError('config', `${takes}; it cannot be split: ${cause.message}`, {
        hint: `Lower training.batchSize, name another encoders.image, or ${regardless}.`,
        cause,
      });
    }
    if (!least || least.peakBytes > budget) continue;
    const setup = { ...prepared.setup, chunkSize };
    return { ...prepared, setup, memory: least, split: { chunkSize, whole: memory, budget } };
  }
  throw new MedbenchError('config', `${takes}; the smallest chunks take ${inMebibytes(least?.peakBytes ?? 0)}`, {
    hint: `Lower training.batchSize, name smaller encoders, or ${regardless}.`,
  });
}

/** What is logged of a split. */
export const splitMessage = (row: string, { chunkSize, whole, budget }: NonNullable<FittedRow['split']>): string =>
  `${row}: a step on the whole batch would take about ${inMebibytes(whole.peakBytes)} and there are ` +
  `${inMebibytes(budget)}, so it is split into chunks of ${chunkSize} (the same gradient but for rounding)`;

/** The memory of a row's training step at its peak, in bytes; undefined on a backend that does not tell. As `fitRow`. */
export async function stepMemory(
  model: DualEncoderModel,
  request: SetupRequest,
  backend: Backend,
): Promise<{ readonly peakBytes: number; readonly chunkSize?: number } | undefined> {
  const { memory, split } = await fitRow(model, request, backend);
  return memory && { peakBytes: memory.peakBytes, ...(split ? { chunkSize: split.chunkSize } : {}) };
}
