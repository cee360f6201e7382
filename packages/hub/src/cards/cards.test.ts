import type { RunResults } from '@medbench/core';
import { load } from 'js-yaml';
import { expect, it } from 'vitest';
import { sampleResults } from '../../../report/test/sample.js';
import { hubModelCard } from './model-card.js';
import { hubResultsCard } from './results-card.js';

/** Text of a plugin that would end the metadata, or begin a list, if it were not quoted. */
const EVIL = '---\n- "x": [y] # z';
const sample = sampleResults([0, 1]);
const results: RunResults = {
  ...sample,
  tasks: sample.tasks.map((task, i) => (i === 0 ? { ...task, title: EVIL, access: 'open' } : task)),
};

/** The metadata and the text of a card. */
function parts(card: string): { readonly metadata: Record<string, unknown>; readonly text: string } {
  const [, yaml, text] = /^---\n(.*?)\n---\n(.*)$/s.exec(card)!;
  return { metadata: load(yaml!) as Record<string, unknown>, text: text! };
}

it('the card of weights lists their figures with intervals, in the form that the hub reads', () => {
  const record = results.training.find(({ method, seed }) => method === 'clip' && seed === 1)!;
  const { metadata, text } = parts(hubModelCard(results, { record, repository: 'lab/clip', licence: 'cc-by-4.0' }));
  expect(metadata).toMatchObject({
    license: 'cc-by-4.0',
    library_name: 'open_clip',
    tags: expect.arrayContaining(['clip']),
  });
  const [index] = metadata['model-index'] as { name: string; results: Record<string, Record<string, unknown>>[] }[];
  expect(index!.name).toBe('clip, seed 1');
  const cells = results.cells.filter(({ method, seed, value }) => method === 'clip' && seed === 1 && value !== null);
  expect(index!.results).toHaveLength(cells.length);
  for (const [i, { task, protocol, metric, value, ci95, n }] of cells.entries()) {
    const [low, high] = ci95!.map((end) => Number(end.toPrecision(6)));
    expect(index!.results[i]).toMatchObject({
      task: { type: expect.stringMatching(/^[a-z-]+$/), name: expect.any(String) },
      dataset: { type: task, name: expect.any(String), split: 'test', args: { examples: n, protocol } },
      metrics: [
        {
          ...{ type: metric, value: expect.closeTo(value!, 5), verified: false },
          ...{ name: `${metric} (95 % interval ${low} to ${high})`, args: { ci95: [low, high], seed: 1 } },
        },
      ],
    });
  }
  expect((index!.results[0]!.dataset!.name as string).startsWith(EVIL)).toBe(true);
  expect(text).toContain("create_model_from_pretrained('hf-hub:lab/clip')");
  expect(text).toContain('Not for clinical use');
  // open_clip resolves the sizes of such a text tower from the working folder, not from the repository.
  expect(hubModelCard(results, { record, repository: 'lab/clip', textBeside: true })).toMatch(
    /start Python in their folder.*create_model_from_pretrained\('local-dir:\.'\)/s,
  );
});

it('the card of results names each task, its licence and what is passed on', () => {
  const { metadata, text } = parts(hubResultsCard(results, { repository: 'lab/results', splits: true }));
  expect(metadata).toMatchObject({
    ...{ license: 'other', license_name: 'see-the-data-below' },
    configs: [{ config_name: 'scores', default: true }, { data_files: 'splits/*.parquet' }],
  });
  expect(text).toContain('npx medbench compare runs/yours hf://datasets/lab/results');
  for (const { id } of results.tasks) expect(text).toContain(`(${id})`);
  expect(text.match(/scores, labels and predictions/g)).toHaveLength(1);
  // A task whose access nobody recorded counts as closed.
  expect(text.match(/scores alone: data under an agreement/g)).toHaveLength(results.tasks.length - 1);
});
