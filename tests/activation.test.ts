// `evaluation.activation`: towers that trained with QuickGELU, measured with the exact GELU.
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { RunResults } from '@medbench/core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { medbench, TINY, temporaryFolder } from './support/cli.js';
import { providePhantoms } from './support/phantoms.js';

const folder = temporaryFolder('activation');
const cwd = folder.path;
beforeAll(async () => {
  await providePhantoms(join(cwd, '.medbench'));
});
afterAll(() => folder.dispose());

async function measure(...further: string[]) {
  const args = ['run', '--preset=demo', '--methods=clip-scratch', '--tasks=pneumoniamnist', '--set=controls=[]'];
  const { code, stderr } = await medbench([...args, ...TINY, '--out=out', ...further], { cwd });
  expect(code, stderr).toBe(0);
  const { cells } = JSON.parse(readFileSync(join(cwd, 'out/results.json'), 'utf8')) as RunResults;
  const rows = cells.filter(({ method }) => method === 'clip-scratch');
  return {
    trained: statSync(join(cwd, 'out/checkpoints/clip-scratch/seed-0/training.json')).mtimeMs,
    figures: rows.map(({ metrics }) => metrics),
    notes: rows.flatMap(({ notes = [] }) => notes).join(),
  };
}

it('changes the figures but not the training, and says so beside them', async () => {
  const same = await measure();
  const gelu = await measure('--set=evaluation.activation=gelu');
  expect(gelu.trained).toBe(same.trained);
  expect(gelu.figures).not.toEqual(same.figures);
  expect(gelu.notes).toContain('measured with the activation gelu; the towers were made for quick-gelu');
  expect(same.notes).not.toContain('activation');
  // A method may keep the activation of its training.
  const kept = await measure('--set=evaluation.activation=gelu', '--set=evaluation.activationOf.clip-scratch=same');
  expect(kept.figures).toEqual(same.figures);
  expect(kept.notes).not.toContain('activation');
  // The cached embeddings of one activation are not those of the other.
  const again = await measure('--set=evaluation.activation=same');
  expect(again.figures).toEqual(same.figures);
  expect(again.trained).toBe(same.trained);
});
