import type { ConfidenceInterval } from '@medbench/core';
import type { Board } from './board.js';
import { countParameters, describeCost, trainedOn } from './describe-entry.js';
import type { Entry } from './entries.js';
import { findBest } from './marks.js';
import { listTasks, PAGES } from './pages.js';
import type { RefusedSource } from './sources.js';
import { LEVEL, type Outcome, outcome } from './tests.js';

/** Most entries with tests of all pairs; beyond this, only those with the best of a column. */
const MOST_PAIRED = 60;

/** A test of two entries in one column, first minus second. */
export interface LeaderboardTest {
  readonly first: string;
  readonly second: string;
  readonly outcome: Outcome;
  readonly difference: number | null;
  readonly ci95: ConfidenceInterval | null;
  readonly pValue: number | null;
  /** p as `medbench compare` corrects it; null if nothing was tested. */
  readonly adjusted: number | null;
  readonly seeds: 'paired' | 'separate' | null;
  readonly n: number;
  /** Why nothing was tested. */
  readonly reason?: string;
}

/** The figure of an entry in one column. */
export interface LeaderboardFigure {
  readonly entry: string;
  /** Mean over the seeds; null if it failed. */
  readonly value: number | null;
  /** Sample standard deviation over the seeds; null for one seed. */
  readonly sd: number | null;
  /** 95 % interval over test examples, mean over the seeds. */
  readonly ci95: ConfidenceInterval | null;
  readonly seeds: readonly {
    readonly seed: number;
    readonly value: number;
    readonly ci95: ConfidenceInterval | null;
  }[];
  readonly best: boolean;
  /** Outcome of the test against the best; null for the best and for controls. */
  readonly againstBest: Outcome | null;
  readonly synthetic: boolean;
}

/** The contents of `data.json`, version 1. */
export interface LeaderboardData {
  readonly schemaVersion: 1;
  readonly title: string;
  readonly level: number;
  readonly entries: readonly Readonly<Record<string, unknown>>[];
  readonly columns: readonly (Readonly<Record<string, unknown>> & {
    readonly figures: readonly LeaderboardFigure[];
    readonly tests: readonly LeaderboardTest[];
  })[];
  readonly ranks: Board['ranks'];
  readonly sources: readonly Readonly<Record<string, unknown>>[];
  readonly refused: readonly RefusedSource[];
  readonly repeated: Board['repeated'];
  /** Paths of all pages. */
  readonly pages: readonly string[];
}

function describeEntry(entry: Entry, { table, entries }: Board): Readonly<Record<string, unknown>> {
  const { id, label, row, title, question, extension, control, seeds, synthetic, submissions } = entry;
  const [first] = submissions;
  return {
    ...{ id, label, row, title, question, extension, control, seeds, synthetic },
    page: PAGES.model(entry),
    rank: table.rows[entries.indexOf(entry)]!.rank,
    parameters: countParameters(entry) ?? null,
    corpora: trainedOn(entry),
    cost: describeCost(entry) ?? null,
    sources: submissions.flatMap(({ sources }) => sources.map(({ name }) => name)),
    settings: Object.fromEntries(first!.settings),
  };
}

function listTests({ entries, sets, table, tests }: Board, index: number): LeaderboardTest[] {
  const set = sets[index]!;
  const best = findBest(
    entries,
    table.rows.map(({ figures }) => figures[index]!),
  );
  const measured = entries.filter(({ control, cells }) => !control && cells.has(set));
  return measured.flatMap((first, i) =>
    measured.slice(i + 1).flatMap((second): LeaderboardTest[] => {
      if (measured.length > MOST_PAIRED && first !== best && second !== best) return [];
      const pair = tests.between(first, second).get(set);
      if (!pair) return [];
      const { difference, n, test, reason } = pair;
      return [
        {
          ...{ first: first.id, second: second.id, outcome: outcome(pair), difference, n },
          ...{ ci95: test?.ci95 ?? null, pValue: test?.pValue ?? null, adjusted: test?.adjusted ?? null },
          seeds: test?.seeds ?? null,
          ...(reason === undefined ? {} : { reason }),
        },
      ];
    }),
  );
}

function describeColumn(board: Board, index: number): LeaderboardData['columns'][number] {
  const { table, sets, entries, tests } = board;
  const { title, modality, protocol, words, metric, n, synthetic } = table.columns[index]!;
  const set = sets[index]!;
  const figures = table.rows.map((row) => row.figures[index]!);
  const best = findBest(entries, figures);
  return {
    ...{ id: set.id, task: set.task, testSet: set.number, title, modality, protocol, metric, n, synthetic },
    protocolTitle: words.title,
    lowerIsBetter: words.metric(metric).lowerIsBetter,
    page: PAGES.task(set.task),
    figures: figures.flatMap(({ status, value, sd, interval, measurements, ...figure }, r): LeaderboardFigure[] => {
      const entry = entries[r]!;
      const pair = best && best !== entry && !entry.control ? tests.between(entry, best).get(set) : undefined;
      if (status === 'none') return [];
      return [
        {
          ...{ entry: entry.id, value, sd, ci95: interval, seeds: measurements, best: figure.best },
          againstBest: !best || best === entry || entry.control ? null : pair ? outcome(pair) : 'not tested',
          synthetic: figure.synthetic,
        },
      ];
    }),
    tests: listTests(board, index),
  };
}

/** A leaderboard for programs. */
export function boardData(board: Board): LeaderboardData {
  const { title, entries, sets, sources, refused, repeated, ranks } = board;
  return {
    ...{ schemaVersion: 1, title, level: LEVEL },
    entries: entries.map((entry) => describeEntry(entry, board)),
    columns: sets.map((_, index) => describeColumn(board, index)),
    ranks,
    sources: sources.map(({ name, source, checked, results: { run } }) => ({
      ...{ name, source, run: run.id, seeds: run.seeds, synthetic: run.synthetic === true, checked },
    })),
    refused,
    repeated,
    pages: [PAGES.index, ...entries.map(PAGES.model), ...listTasks(board).map(PAGES.task)],
  };
}
