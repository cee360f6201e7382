import { tmpdir } from 'node:os';
import { expect, it } from 'vitest';
import { dataNames } from './data-names.js';
import { openPlan } from './open-plan.js';

async function names(options: Parameters<typeof openPlan>[0]): Promise<string[] | undefined> {
  const { plan, workspace } = await openPlan({ cwd: tmpdir(), ...options });
  return dataNames(plan, workspace.catalogue)?.sort();
}

it('are those of the files that the tasks and corpora of a run name', async () => {
  const corpora = ['pmc-oa', 'webdataset'];
  expect(await names({ methods: ['clip'], tasks: ['vqa-rad', 'phantom-vqa'], settings: { corpora } })).toEqual([
    'pmc-oa',
    'vqa-rad',
    'webdataset',
  ]);
  const sizes = ['', '_128', '_224', '_64'].map((size) => `breastmnist${size}.npz`);
  const validation = { corpus: 'roco' };
  expect(
    await names({
      methods: ['clip'],
      tasks: ['breastmnist'],
      settings: { corpora: ['phantoms'], training: { validation } },
    }),
  ).toEqual([...sizes.sort(), 'roco'].sort());
  expect(
    await names({
      methods: ['clip'],
      tasks: ['phantom-vqa'],
      settings: { corpora: ['phantoms'], general: { corpus: 'quilt-1m' } },
    }),
  ).toEqual(['quilt-1m']);
});

it('are unknown if a corpus does not say what it reads', async () => {
  const settings = { corpora: ['parquet'] };
  expect(await names({ methods: ['clip'], tasks: ['vqa-rad'], settings })).toBeUndefined();
});
