import type { AverageRanks, RunResults } from '@medbench/core';
import { meanInterval } from '../means.js';
import { type ResultTable, resultTable, type TableFigure } from '../model.js';
import { protocolWords } from '../words.js';
import { type Entry, listEntries } from './entries.js';
import { gatherSources, type Repeated, type Submission } from './gather.js';
import { markColumn } from './marks.js';
import { pooledResults } from './pooled-results.js';
import { rankEntries } from './ranks.js';
import type { RefusedSource, Source } from './sources.js';
import { type TestSet, TestSets } from './test-sets.js';
import { LEVEL, PairTests } from './tests.js';

/** The figures of many results, with the tests between them. */
export interface Board {
  readonly title: string;
  readonly sources: readonly Source[];
  readonly refused: readonly RefusedSource[];
  readonly repeated: readonly Repeated[];
  readonly submissions: readonly Submission[];
  /** In the order of the rows of `table`. */
  readonly entries: readonly Entry[];
  /** In the order of the columns of `table`. */
  readonly sets: readonly TestSet[];
  readonly table: ResultTable;
  /** All results in one, for the sections of a report. Has no notes of cells, no errors and no details. */
  readonly pooled: RunResults;
  readonly tests: PairTests;
  readonly ranks: AverageRanks | null;
}

/** A figure of several seeds also shows its interval over test examples, the mean of those of its seeds. */
const withInterval = (figure: TableFigure): TableFigure =>
  figure.sd === null ? figure : { ...figure, interval: meanInterval(figure.measurements) };

function makeTable(
  pooled: RunResults,
  entries: readonly Entry[],
  all: readonly TestSet[],
  tests: PairTests,
  ranks: AverageRanks | null,
): { readonly table: ResultTable; readonly sets: readonly TestSet[] } {
  const table = resultTable(pooled);
  const sets = table.columns.map(
    ({ task: id, protocol }) => all.find((set) => set.id === id && set.protocol === protocol)!,
  );
  const marks = sets.map((set, c) =>
    markColumn(
      set,
      entries,
      table.rows.map(({ figures }) => figures[c]!),
      tests,
    ),
  );
  const rows = table.rows.map((row, r) => ({
    ...row,
    rank: ranks?.methods.find(({ id }) => id === row.id)?.rank ?? null,
    figures: row.figures.map((figure, c) => ({ ...withInterval(figure), marks: marks[c]![r]! })),
  }));
  return { sets, table: { ...table, rows, statistics: { level: LEVEL, columns: [], ranks } } };
}

/**
 * Puts the figures of many results side by side: entries of the same settings with all their seeds, columns of the same
 * test examples, ranks, and the tests between any two entries.
 */
export function assembleBoard(
  title: string,
  { read, refused }: { readonly read: readonly Source[]; readonly refused: readonly RefusedSource[] },
): Board {
  const { submissions, repeated } = gatherSources(read);
  const testSets = new TestSets(submissions);
  const listed = listEntries(submissions, testSets);
  const tests = new PairTests(testSets, submissions, listed);
  const words = protocolWords(...read.map(({ results }) => results));
  const ranks = rankEntries(listed, testSets.list(), words);
  const place = new Map(ranks?.methods.map(({ id }, i) => [id, i]));
  const order = ({ label }: Entry): number => place.get(label) ?? place.size;
  const entries = [...listed].sort((a, b) => Number(a.control) - Number(b.control) || order(a) - order(b));
  const pooled = pooledResults(read, entries);
  const made = makeTable(pooled, entries, testSets.list(), tests, ranks);
  return { title, sources: read, refused, repeated, submissions, entries, pooled, tests, ranks, ...made };
}
