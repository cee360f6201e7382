import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { figuredResults, makeGallery } from '../test/figures.js';
import { readGalleries } from './galleries.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'medbench-galleries-'));
  mkdirSync(join(folder, 'gallery'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const put = (task: string, what: unknown): void =>
  writeFileSync(join(folder, 'gallery', `${task}.json`), typeof what === 'string' ? what : JSON.stringify(what));

it('readGalleries reads galleries of tasks that may be shown, in order, and leaves out damaged ones', async () => {
  const gallery = makeGallery('vqa-rad', { question: 'q', answer: 'a' });
  const results = figuredResults();
  put('vqa-rad', gallery);
  put('pneumoniamnist', { ...gallery, task: 'pneumoniamnist' });
  put('phantom-tissue', '{"schemaVersion": 1');
  put('phantom-skin', { ...gallery, images: ['"/><script>'] });
  put('phantom-reports', { ...gallery, parts: [{ ...gallery.parts[0], rows: [{ id: 'clip' }] }] });
  const tasks = async (changed = results) => (await readGalleries(folder, changed)).map(({ task }) => task);
  expect(await tasks()).toEqual(['pneumoniamnist', 'vqa-rad']);
  const withheld = results.tasks.map((task) =>
    task.id === 'vqa-rad' ? { ...task, pictures: 'withheld' as const } : task,
  );
  expect(await tasks({ ...results, tasks: withheld })).toEqual(['pneumoniamnist']);
});
