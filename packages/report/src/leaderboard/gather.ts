import { hashJson, type ResultCell, type ScoredColumn, type ScoredRow, type TrainingRecord } from '@medbench/core';
import { describeMismatch } from '@medbench/evaluation/statistics';
import { rowSettings } from './row-settings.js';
import type { Source } from './sources.js';

/** Rows under one set of settings, from one folder or from several that hold other seeds, rows or tasks of them. */
export interface Submission {
  readonly name: string;
  readonly sources: readonly Source[];
  /** Settings and versions that the figures depend on. */
  readonly settings: ReadonlyMap<string, string>;
  /** Hash of `settings`. */
  readonly key: string;
  readonly cells: readonly ResultCell[];
  readonly training: readonly TrainingRecord[];
  /** Scores of the test examples, seeds in ascending order. */
  readonly columns: readonly ScoredColumn[];
}

/** A row and seed that several folders of a submission hold; one of them is used. */
export interface Repeated {
  readonly row: string;
  readonly seed: number;
  /** Names of the sources: the one that is used, and the one that is not. */
  readonly used: string;
  readonly unused: string;
  /** Whether any figure of the two differs. */
  readonly differs: boolean;
}

const bySeed = (a: { readonly seed: number }, b: { readonly seed: number }): number => a.seed - b.seed;

/** Leaves out seeds whose scores are of another number of examples than those of the first: they cannot be paired. */
function alike(column: ScoredColumn): ScoredColumn {
  const length = column.rows[0]?.seeds[0]?.perExample.length;
  const rows = column.rows
    .map((row) => ({
      ...row,
      seeds: row.seeds.filter(({ perExample }) => perExample.length === length).sort(bySeed),
    }))
    .filter(({ seeds }) => seeds.length > 0);
  return { ...column, rows };
}

const same = (a: ScoredColumn, b: ScoredColumn): boolean => a.task === b.task && a.protocol === b.protocol;

/** Whether a folder may hold other seeds of a submission: the same settings, and the same examples where both measure. */
function fits(submission: Submission, source: Source, key: string): boolean {
  if (submission.key !== key || holdsEmbeddings(source)) return false;
  return source.columns.every((column) => {
    const other = submission.columns.find((candidate) => same(candidate, column));
    return !other || describeMismatch(other, alike(column)) === undefined;
  });
}

/** Whether rows of a source are embeddings of another tool: their settings do not say what they are. */
const holdsEmbeddings = ({ results }: Source): boolean =>
  results.methods.some(({ question }) => question === 'embeddings');

function mergeRows(rows: readonly ScoredRow[], more: readonly ScoredRow[]): ScoredRow[] {
  const merged = new Map(rows.map((row) => [row.id, row]));
  for (const row of more) {
    const before = merged.get(row.id);
    const seeds = row.seeds.filter(({ seed }) => !before?.seeds.some((other) => other.seed === seed));
    merged.set(row.id, before ? { ...before, seeds: [...before.seeds, ...seeds].sort(bySeed) } : row);
  }
  return [...merged.values()];
}

function mergeColumns(columns: readonly ScoredColumn[], more: readonly ScoredColumn[]): ScoredColumn[] {
  return [
    ...columns.map((column) => {
      const other = more.find((candidate) => same(candidate, column));
      return other ? { ...column, rows: mergeRows(column.rows, other.rows) } : column;
    }),
    ...more.filter((column) => !columns.some((other) => same(other, column))),
  ];
}

const cellKey = ({ method, task, protocol, seed }: ResultCell): string =>
  JSON.stringify([method, task, protocol, seed]);

/** Adds a folder to a submission. A figure that both hold is taken from the first, and the row and seed are named. */
function addSource(submission: Submission, source: Source): { merged: Submission; repeated: Repeated[] } {
  const kept = new Map(submission.cells.map((cell) => [cellKey(cell), cell]));
  const fresh = source.results.cells.filter((cell) => !kept.has(cellKey(cell)));
  const twice = source.results.cells.filter((cell) => kept.has(cellKey(cell)) && !cell.control);
  const repeated = new Map<string, Repeated>();
  for (const cell of twice) {
    const { method: row, seed } = cell;
    const id = JSON.stringify([row, seed]);
    const holds = ({ results: { cells } }: Source): boolean =>
      cells.some((other) => other.method === row && other.seed === seed);
    const differs = kept.get(cellKey(cell))!.value !== cell.value || (repeated.get(id)?.differs ?? false);
    repeated.set(id, { row, seed, used: submission.sources.find(holds)!.name, unused: source.name, differs });
  }
  const trained = new Set(submission.training.map(({ method, seed }) => JSON.stringify([method, seed])));
  const merged = {
    ...submission,
    name: `${submission.name}, ${source.name}`,
    sources: [...submission.sources, source],
    cells: [...submission.cells, ...fresh],
    training: [
      ...submission.training,
      ...source.results.training.filter(({ method, seed }) => !trained.has(JSON.stringify([method, seed]))),
    ],
    columns: mergeColumns(submission.columns, source.columns.map(alike)),
  };
  return { merged, repeated: [...repeated.values()] };
}

/**
 * Gathers folders that hold other seeds, rows or tasks under the same settings, as several machines make them. Nothing is
 * counted twice.
 */
export function gatherSources(sources: readonly Source[]): {
  readonly submissions: readonly Submission[];
  readonly repeated: readonly Repeated[];
} {
  const submissions: Submission[] = [];
  const repeated: Repeated[] = [];
  for (const source of sources) {
    const settings = rowSettings(source.results);
    const key = hashJson([...settings].sort());
    const index = submissions.findIndex((submission) => fits(submission, source, key));
    if (index >= 0) {
      const added = addSource(submissions[index]!, source);
      submissions[index] = added.merged;
      repeated.push(...added.repeated);
      continue;
    }
    const { cells, training } = source.results;
    const columns = source.columns.map(alike);
    submissions.push({ name: source.name, sources: [source], settings, key, cells, training, columns });
  }
  return { submissions, repeated };
}
