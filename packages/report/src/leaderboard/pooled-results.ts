import type { ResultCell, RunResults } from '@medbench/core';
import { findMetric } from '../cells.js';
import type { Entry } from './entries.js';
import type { Source } from './sources.js';
import type { TestSet } from './test-sets.js';

/** The first item of each id. */
const firstOfEach = <T extends { readonly id: string }>(items: readonly T[]): T[] =>
  [...new Map([...items].reverse().map((item) => [item.id, item])).values()].reverse();

/**
 * A cell of an entry without what a submission may say in its own words. Its task is the id of the test set, its method
 * the label of the entry.
 */
function pooledCell({ label }: Entry, set: TestSet, cell: ResultCell): ResultCell {
  const { protocol, seed, metric, n, status, synthetic, leaks } = cell;
  const measured = status === 'ok' ? findMetric(cell, metric) : undefined;
  return {
    ...{ method: label, control: cell.control === true, task: set.id, protocol, seed, metric },
    ...{ value: measured?.value ?? null, ci95: measured?.ci95 ?? null, n, seconds: 0 },
    metrics: measured ? { [metric]: measured } : {},
    status: measured ? 'ok' : 'failed',
    ...(measured ? {} : { error: `seed ${seed} failed in its run` }),
    synthetic: synthetic === true,
    ...(leaks ? { leaks } : {}),
  };
}

const listCells = (entry: Entry): ResultCell[] =>
  [...entry.cells].flatMap(([set, cells]) => cells.map((cell) => pooledCell(entry, set, cell)));

/** All results in one, with a row for each entry and a task for each test set. */
export function pooledResults(sources: readonly Source[], entries: readonly Entry[]): RunResults {
  const all = sources.map(({ results }) => results);
  const cells = entries.flatMap(listCells);
  const known = firstOfEach(all.flatMap(({ tasks }) => tasks));
  const sets = [...new Set(entries.flatMap((entry) => [...entry.cells.keys()]))];
  const tasks = firstOfEach(
    sets.map((set) => {
      const task = known.find(({ id }) => id === set.task) ?? {
        id: set.task,
        title: set.task,
        modality: 'other',
        protocols: [],
      };
      return { ...task, id: set.id, title: set.number === 1 ? task.title : `${task.title} (test set ${set.number})` };
    }),
  );
  // Tasks stay in the order in which the sources name them.
  const order = (id: string): number => known.findIndex((task) => task.id === sets.find((set) => set.id === id)!.task);
  return {
    schemaVersion: 1,
    run: {
      ...{ id: 'leaderboard', seed: 0, seeds: [], backend: '', preset: 'none', command: '' },
      synthetic: cells.some(({ synthetic }) => synthetic),
      corpora: [...new Set(all.flatMap(({ run }) => run.corpora))],
      ...{ settings: {}, versions: {} },
    },
    methods: entries.map(({ label: id, title, question, extension, control }) => ({
      id,
      title,
      question,
      extension,
      control,
    })),
    tasks: tasks.sort((a, b) => order(a.id) - order(b.id)),
    protocols: firstOfEach(all.flatMap(({ protocols = [] }) => protocols)),
    training: [],
    cells,
  };
}
