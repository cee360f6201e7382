import { availableParallelism } from 'node:os';
import { parseVariable, readVariable } from '@medbench/core';
import { listUnits, type Plan } from '@medbench/runner';
import type { KeptImages, RowPlan } from '../row-plan.js';

const MEBIBYTE = 2 ** 20;
/** Assumed peak of a process whose backend gives no estimate, in MiB. */
const UNKNOWN_PEAK = 4096;

/** Number of processes that the user asks for: `--jobs`, else `MEDBENCH_JOBS`. @throws MedbenchError('usage') */
export const requestedJobs = (jobs: number | undefined): number | undefined =>
  jobs ?? parseVariable('MEDBENCH_JOBS', readVariable('MEDBENCH_JOBS'), { integer: true });

/** Number of processes that the cores have room for, and that find work. */
export const jobsByCores = (plan: Plan): number =>
  Math.min(Math.max(1, Math.floor(availableParallelism() / plan.config.threads)), listUnits(plan).length);

/**
 * Number of processes for which the free memory suffices, if each trains the largest row; at least 1. A device with
 * memory of its own has one: a second would compete with it for the device.
 */
export async function jobsByMemory(
  rows: readonly Pick<RowPlan, 'peakMiB' | 'deviceMiB'>[],
  { bytesAtMost }: KeptImages,
): Promise<number> {
  if (rows.some(({ deviceMiB }) => deviceMiB !== undefined)) return 1;
  const { memoryBudget } = await import('@medbench/training');
  const peak = Math.max(...rows.map(({ peakMiB }) => peakMiB ?? 0)) || UNKNOWN_PEAK;
  return Math.max(1, Math.floor(memoryBudget() / (peak * MEBIBYTE + bytesAtMost)));
}
