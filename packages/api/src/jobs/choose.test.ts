import { availableParallelism } from 'node:os';
import type { Plan } from '@medbench/runner';
import { afterEach, expect, it, vi } from 'vitest';
import { jobsByCores, jobsByMemory, requestedJobs } from './choose.js';

afterEach(() => vi.unstubAllEnvs());

const plan = (threads: number, rows: number, seeds: number): Plan =>
  ({
    config: { threads, seeds: Array.from({ length: seeds }, (_, seed) => seed) },
    rows: Array.from({ length: rows }, (_, row) => ({ id: `row-${row}` })),
  }) as unknown as Plan;

it('--jobs overrides MEDBENCH_JOBS, which must be a whole number', () => {
  vi.stubEnv('MEDBENCH_JOBS', '3');
  expect([requestedJobs(2), requestedJobs(undefined)]).toEqual([2, 3]);
  vi.stubEnv('MEDBENCH_JOBS', '');
  expect(requestedJobs(undefined)).toBeUndefined();
  vi.stubEnv('MEDBENCH_JOBS', '1.5');
  expect(() => requestedJobs(undefined)).toThrow('MEDBENCH_JOBS is "1.5"');
});

it('the cores are divided by the threads of each process, and no process is without a unit', () => {
  expect(jobsByCores(plan(1, 1000, 1))).toBe(availableParallelism());
  expect(jobsByCores(plan(10_000, 8, 3))).toBe(1);
  expect(jobsByCores(plan(1, 1, 1))).toBe(1);
});

it('the memory suffices for as many trainings of the largest row, each with its images', async () => {
  vi.stubEnv('MEDBENCH_MEMORY', '5000');
  const images = { bytesPerThousand: 0, bytesAtMost: 200 * 2 ** 20 };
  expect(await jobsByMemory([{ peakMiB: 400 }, { peakMiB: 1000 }], images)).toBe(4);
  expect(await jobsByMemory([{ peakMiB: 90_000 }], images)).toBe(1);
  // A backend without an estimate counts as 4 GiB.
  expect(await jobsByMemory([{}], images)).toBe(1);
});
