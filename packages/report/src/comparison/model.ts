import type { ResultCell, RunCell, RunComparison, RunResults } from '@medbench/core';
import { cellsAt, summarise } from '../cells.js';
import { plural } from '../format.js';
import { type ProtocolWordsLookup, protocolWords } from '../words.js';

/** One of two runs that are compared. */
export interface ComparedRun {
  /** Name of the run's folder, shown on the page. */
  readonly name: string;
  readonly results: RunResults;
}

/** A setting, seed list or version that differs between two runs; null if a run does not have it. */
export interface DifferingSetting {
  readonly name: string;
  readonly values: readonly [string | null, string | null];
}

/** Two runs, their comparison and their differences. */
export interface ComparedRuns {
  readonly runs: readonly [ComparedRun, ComparedRun];
  /** Titles and metrics of the protocols of both results. */
  readonly words: ProtocolWordsLookup;
  readonly comparison: RunComparison;
  readonly settings: readonly DifferingSetting[];
  /** Rows, and tasks under a protocol, that only the first run or only the second run has. */
  readonly alone: readonly {
    readonly rows: readonly string[];
    readonly columns: readonly string[];
  }[];
}

const formatSetting = (value: unknown): string => (Array.isArray(value) ? value.join(', ') : String(value));

/** The seeds, backend, preset, corpora, settings and versions of a run, by name. */
export function runInfo({ run }: RunResults): Map<string, string> {
  const info: [string, unknown][] = [
    ['seeds', run.seeds],
    ['backend', run.backend],
    ['preset', run.preset],
    ['corpora', run.corpora],
    ...Object.entries(run.settings).filter(([name]) => !['seeds', 'backend', 'preset', 'corpora'].includes(name)),
    ...Object.entries(run.versions).map(([name, version]): [string, unknown] => [`version of ${name}`, version]),
  ];
  return new Map(info.map(([name, value]) => [name, formatSetting(value)]));
}

function listDifferences(first: RunResults, second: RunResults): DifferingSetting[] {
  const [a, b] = [runInfo(first), runInfo(second)];
  return [...new Set([...a.keys(), ...b.keys()])]
    .filter((name) => a.get(name) !== b.get(name))
    .map((name) => ({ name, values: [a.get(name) ?? null, b.get(name) ?? null] }));
}

function listOnlyIn(one: RunResults, other: RunResults, words: ProtocolWordsLookup): ComparedRuns['alone'][number] {
  const columnName = ({ task, protocol }: Pick<RunCell, 'task' | 'protocol'>): string =>
    `${task}, ${words(protocol).title}`;
  const missing = (nameCell: (cell: RunResults['cells'][number]) => string): string[] => {
    const otherNames = new Set(other.cells.map(nameCell));
    return [...new Set(one.cells.map(nameCell))].filter((name) => !otherNames.has(name));
  };
  return { rows: missing(({ method }) => method), columns: missing(columnName) };
}

/** Explains why a cell has no scores to compare. @param cells its cells in the first and in the second run. */
function explainUnscored(cells: readonly (readonly ResultCell[])[]): string {
  const failed = cells.flatMap((side, i) =>
    side.every(({ status }) => status === 'failed') ? [`failed in the ${i === 0 ? 'first' : 'second'} run`] : [],
  );
  return failed.length > 0
    ? failed.join(', ')
    : 'the scores of its test examples are not in the run folders: cells/ is missing or belongs to another run';
}

/**
 * The cells that both results have but that were not compared because their scores are missing.
 * @param pairs ids of rows. Default: each row with the row of the same id.
 */
function listUnscoredCells(
  first: RunResults,
  second: RunResults,
  { cells }: RunComparison,
  pairs: RowPairs = [...new Set(first.cells.map(({ method }) => method))].map((row) => [row, row]),
): RunCell[] {
  const key = (rows: readonly [string, string], task: string, protocol: string): string =>
    JSON.stringify([...rows, task, protocol]);
  const seen = new Set(cells.map(({ row, otherRow = row, task, protocol }) => key([row, otherRow], task, protocol)));
  const paired = first.cells.flatMap((cell) =>
    pairs.flatMap(([row, otherRow]) => (row === cell.method ? [{ cell, otherRow }] : [])),
  );
  return paired.flatMap(({ cell, otherRow }): RunCell[] => {
    const { method: row, control, task, protocol, metric } = cell;
    const cellKey = key([row, otherRow], task, protocol);
    const sides = [cellsAt(first, row, cell), cellsAt(second, otherRow, cell)] as const;
    if (seen.has(cellKey) || sides[1].length === 0) return [];
    seen.add(cellKey);
    const mean = (side: readonly ResultCell[]): number =>
      summarise(side.flatMap(({ seed, value, ci95 }) => (value === null ? [] : [{ seed, value, ci95 }]))).value ??
      Number.NaN;
    const listSeeds = (side: readonly ResultCell[]): number[] => side.map(({ seed }) => seed);
    return [
      {
        row,
        ...(otherRow === row ? {} : { otherRow }),
        control,
        task,
        protocol,
        metric,
        values: [mean(sides[0]), mean(sides[1])],
        seeds: [listSeeds(sides[0]), listSeeds(sides[1])],
        n: 0,
        difference: null,
        test: null,
        reason: explainUnscored(sides),
      },
    ];
  });
}

/** Ids of rows that are compared: of the first run and of the second. */
export type RowPairs = readonly (readonly [first: string, second: string])[];

/**
 * Combines two runs and the comparison of their scores with their differences in settings, rows and columns.
 * @param pairs rows that were compared. Default: each row with the row of the same id.
 */
export function assembleComparison(
  first: ComparedRun,
  second: ComparedRun,
  comparison: RunComparison,
  pairs?: RowPairs,
): ComparedRuns {
  const words = protocolWords(first.results, second.results);
  return {
    runs: [first, second],
    words,
    comparison: {
      ...comparison,
      cells: [...comparison.cells, ...listUnscoredCells(first.results, second.results, comparison, pairs)],
    },
    settings: listDifferences(first.results, second.results),
    alone: [listOnlyIn(first.results, second.results, words), listOnlyIn(second.results, first.results, words)],
  };
}

/** The row of a cell, or its two rows. */
export const nameRows = ({ row, otherRow }: Pick<RunCell, 'row' | 'otherRow'>): string =>
  otherRow === undefined ? row : `${row} and ${otherRow}`;

/** The verdict on a cell, never stronger than its test. */
export function describeTest({ test, difference, reason }: RunCell, level: number): string {
  if (!test) return `not tested: ${reason ?? 'no reason given'}`;
  if (!(test.adjusted < level)) return 'no difference found';
  return difference! > 0 ? 'first better' : 'second better';
}

/** Summary of the whole comparison, one sentence each. */
export function summariseComparison({ comparison: { cells, tested, level }, settings }: ComparedRuns): string[] {
  const significant = cells.filter(({ test }) => test && test.adjusted < level);
  const percent = `${Number((100 * level).toPrecision(3))} %`;
  const separate = cells.filter(({ test }) => test?.seeds === 'separate').length;
  const untested = cells.length - tested;
  const differing = settings.filter(({ name }) => !name.startsWith('version of ')).map(({ name }) => name);
  const evaluated = differing.filter((name) => /^(evaluation|taskSettings)\./.test(name));
  return [
    cells.length === 0
      ? 'The two runs have no cell in common.'
      : `${plural(cells.length, 'cell')} in both runs, ${tested} of them tested: ${
          significant.length === 0
            ? 'no significant difference'
            : `${plural(significant.length, 'significant difference')}`
        } (t test over examples and trainings, Holm over ${plural(tested, 'test')}, ${percent}).`,
    ...(untested > 0 ? [`${plural(untested, 'cell')} not tested; the reason is given for each.`] : []),
    ...(separate > 0
      ? [
          'Trainings are not paired where the runs have fewer than two seeds in common: the tests then use the spread over each run’s own seeds.',
        ]
      : []),
    ...(tested > 0 && significant.length < tested
      ? ['“No difference found” does not mean that there is none: few seeds reveal only large differences.']
      : []),
    ...(differing.length === 1 && differing[0] === 'seeds' ? ['The runs differ in their seeds alone.'] : []),
    ...(evaluated.length > 0 ? [`The runs were evaluated with different settings: ${evaluated.join(', ')}.`] : []),
  ];
}
