import { join } from 'node:path';
import { plan } from 'medbench';
import { expect, it } from 'vitest';
import config from '../medbench.config.js';
import study from '../study.js';

const cwd = join(import.meta.dirname, '..');

it('has a plan that medbench accepts, and rows for each of its questions', async () => {
  const { rows, tasks, seeds } = await plan({ cwd });
  expect(tasks).toEqual(config.tasks);
  expect(seeds).toEqual(config.seeds);
  expect(rows.filter(({ error }) => error !== undefined)).toEqual([]);
  const ids = rows.map(({ id }) => id);
  for (const question of study.questions ?? [])
    expect(ids).toEqual(expect.arrayContaining([question.against, ...question.rows]));
});
