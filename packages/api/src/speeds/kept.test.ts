import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BackendReport } from '@medbench/runner';
import { afterAll, expect, it } from 'vitest';
import { hasTimes, keepTime, readTimes, type TimedStep } from './kept.js';

const cache = mkdtempSync(join(tmpdir(), 'medbench-speeds-'));
afterAll(() => rmSync(cache, { recursive: true }));

const report = (id: string, reason = 'works', available = true) =>
  ({
    entry: { kind: 'backend', id, package: { name: `@medbench/${id}`, version: '2.0.0' } },
    status: { available, reason },
  }) as unknown as BackendReport;
const step = (row: string, batchSize = 64): TimedStep => ({
  ...{ row, batchSize, threads: 1, encoders: { image: 'vit-demo', text: 'gpt-demo' } },
  key: `${row} ${batchSize}`,
});
const COMPILED = report('compiled');
const XLA = report('xla-cpu', 'PJRT 0.115');

it('keeps the last time of each step on each backend, and compares those that were timed on several', async () => {
  expect(hasTimes(cache)).toBe(false);
  expect(readTimes(cache, [COMPILED, XLA])).toEqual([]);
  await keepTime(cache, step('slip'), { report: COMPILED, ms: 20 });
  await keepTime(cache, step('slip'), { report: XLA, ms: 90 });
  await keepTime(cache, step('slip'), { report: XLA, ms: 10 });
  await keepTime(cache, step('clip'), { report: COMPILED, ms: 5 });
  await keepTime(cache, step('clip'), { report: XLA, ms: 6 });
  await keepTime(cache, step('clip', 8), { report: XLA, ms: 6 });
  expect(hasTimes(cache)).toBe(true);
  const { key: _, ...slip } = step('slip');
  const times = [
    { backend: 'xla-cpu', ms: 10 },
    { backend: 'compiled', ms: 20 },
  ];
  expect(readTimes(cache, [COMPILED, XLA]).map(({ row }) => row)).toEqual(['clip', 'slip']);
  expect(readTimes(cache, [COMPILED, XLA], new Set([step('slip').key]))).toEqual([{ ...slip, times }]);
});

it('leaves out what no longer counts: another version of a backend, one that does not work, a damaged file', async () => {
  expect(readTimes(cache, [COMPILED, report('xla-cpu', 'PJRT 0.116')])).toEqual([]);
  expect(readTimes(cache, [COMPILED, report('xla-cpu', 'PJRT 0.115', false)])).toEqual([]);
  const [machine] = readdirSync(join(cache, 'speeds'));
  const file = readdirSync(join(cache, 'speeds', machine!)).find(
    (name) => name.startsWith('slip') && name.includes('xla'),
  );
  writeFileSync(join(cache, 'speeds', machine!, file!), '{"format":1,"ms":1}');
  expect(readTimes(cache, [COMPILED, XLA]).map(({ row }) => row)).toEqual(['clip']);
});
