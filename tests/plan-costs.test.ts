import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { RunPlan } from '@medbench/api';
import { afterAll, expect, it } from 'vitest';
import { medbench, TINY, temporaryFolder } from './support/cli.js';
import { full } from './support/full.js';
import { providePhantoms } from './support/phantoms.js';

const folder = temporaryFolder('plan-costs');
const cwd = folder.path;
afterAll(() => folder.dispose());

function bytes(path: string): number {
  return readdirSync(path, { withFileTypes: true }).reduce((sum, entry) => {
    const file = join(path, entry.name);
    return sum + (entry.isDirectory() ? bytes(file) : statSync(file).size);
  }, 0);
}

/** A row of two phases and general weights, each night; otherwise one that trains alone. */
const METHOD = full ? 'flip' : 'clip-scratch';

it(`says what a run of ${METHOD} costs${full ? '' : ' (npm run test:full: flip)'}, and how it fits into hours`, async () => {
  await providePhantoms(join(cwd, '.medbench'));
  const flags = [
    ...[
      '--preset=demo',
      `--methods=${METHOD}`,
      `--tasks=${full ? 'pneumoniamnist,' : ''}phantom-retrieval`,
      '--seed=0,1',
    ],
    ...['--set=controls=["chance"]', ...TINY],
  ];
  const before = await medbench(['plan', ...flags, '--max-hours=1'], { cwd });
  expect([before.code, before.stderr]).toEqual([2, expect.stringContaining('Add --measure')]);

  const planned = await medbench(['plan', ...flags, '--measure', '--json'], { cwd });
  expect(planned.code, planned.stderr).toBe(0);
  const { costs } = JSON.parse(planned.stdout) as RunPlan;
  expect(costs!.rows.map(({ id }) => id)).toEqual([...(full ? ['general'] : []), METHOD, 'chance']);
  for (const { id, stepMs, training, evaluation, total, unknown } of costs!.rows) {
    expect(unknown, id).toBeUndefined();
    expect(stepMs !== undefined, id).toBe(id !== 'chance');
    expect(total, id).toBeCloseTo((training + evaluation) * (id === 'general' ? 1 : 2), 6);
    expect(evaluation > 0, id).toBe(id !== 'general');
  }
  const alone = costs!.byJobs.find(({ jobs }) => jobs === 1)!;
  expect(alone.seconds).toBeGreaterThan(costs!.work);
  const trained = costs!.rows.reduce((sum, { id, training }) => sum + training * (id === 'general' ? 1 : 2), 0);
  expect(costs!.energy.joules).toBeCloseTo(trained * costs!.energy.watts, 3);
  // The folder of the measurement is gone.
  expect(readdirSync(join(cwd, '.medbench')).filter((name) => name.startsWith('measuring'))).toEqual([]);

  const run = await medbench(['run', ...flags, '--out=run'], { cwd });
  expect(run.code, run.stderr).toBe(0);
  expect(costs!.disk.total / bytes(join(cwd, 'run'))).toBeGreaterThan(0.9);
  expect(costs!.disk.total / bytes(join(cwd, 'run'))).toBeLessThan(1.1);

  // A later plan finds the measurement, also for other steps.
  const later = await medbench(['plan', ...flags, '--set=training.steps=1000000', '--max-hours=1'], { cwd });
  expect(later.stdout).toMatch(/^row +step, ms +training +evaluation +in all$/m);
  expect(later.stdout).toMatch(new RegExp(`^${METHOD} +[\\d.,]+ +[\\d.]+ (h|days) +[\\d.]+ s +[\\d.]+ (h|days)$`, 'm'));
  expect(later.stdout).toMatch(/^fits into 1 h \([\d.]+ min\) with\n {2}--set training\.steps=\d+ .*\ngiven up: /m);
});
