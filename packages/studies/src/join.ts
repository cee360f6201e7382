import type { ColumnComparisons, RunResults, StudyRecord } from '@medbench/core';

/** A finished run of one variant. */
export interface VariantRun {
  readonly variant: { readonly id: string; readonly title: string };
  readonly results: RunResults;
  readonly comparisons: readonly ColumnComparisons[];
}

/** Returns the id of a task or training under a variant: `id@variant`. */
export const addVariant = (id: string, variant: string): string => `${id}@${variant}`;

/** Joins the settings of runs: equal settings once, different ones per variant (`variant: path`). */
function joinSettings(runs: readonly VariantRun[]): RunResults['run']['settings'] {
  const [first] = runs as readonly [VariantRun];
  const joint: Record<string, RunResults['run']['settings'][string]> = {};
  const paths = new Set(runs.flatMap(({ results }) => Object.keys(results.run.settings)));
  for (const path of paths) {
    const common = first.results.run.settings[path];
    if (common !== undefined && runs.every(({ results }) => results.run.settings[path] === common))
      joint[path] = common;
    else {
      for (const { variant, results } of runs) {
        const value = results.run.settings[path];
        if (value !== undefined) joint[`${variant.id}: ${path}`] = value;
      }
    }
  }
  return joint;
}

const unique = <T extends { readonly id: string }>(items: readonly T[]): T[] => [
  ...new Map(items.map((item) => [item.id, item])).values(),
];

/**
 * Joins the runs of a study into one table. Its rows are the rows of all runs; its columns are all tasks under all
 * variants (`task@variant`). Rows are compared within their variant only, so the comparisons are concatenated. There
 * are no average ranks: columns with the same test images under several variants would wrongly count as independent.
 */
export function joinRuns(
  runs: readonly VariantRun[],
  study: StudyRecord,
  command: string,
): { results: RunResults; comparisons: ColumnComparisons[] } {
  const [first] = runs;
  if (!first) throw new RangeError('A study has at least one run');
  const { run } = first.results;
  const statistics = runs.flatMap(({ variant, results }) =>
    (results.statistics?.columns ?? []).map((column) => ({ ...column, task: addVariant(column.task, variant.id) })),
  );
  return {
    results: {
      schemaVersion: 1,
      run: {
        ...run,
        synthetic: runs.some(({ results }) => results.run.synthetic),
        corpora: [...new Set(runs.flatMap(({ results }) => results.run.corpora))],
        settings: joinSettings(runs),
        command,
        study,
      },
      methods: unique(runs.flatMap(({ results }) => results.methods)),
      tasks: runs.flatMap(({ variant, results }) =>
        results.tasks.map((task) => ({
          ...task,
          id: addVariant(task.id, variant.id),
          title: `${task.title} (${variant.title})`,
          variant: variant.id,
        })),
      ),
      protocols: unique(runs.flatMap(({ results }) => results.protocols ?? [])),
      corpora: unique(runs.flatMap(({ results }) => results.corpora ?? [])),
      training: runs.flatMap(({ variant, results }) =>
        results.training.map((record) => ({ ...record, method: addVariant(record.method, variant.id) })),
      ),
      cells: runs.flatMap(({ variant, results }) =>
        results.cells.map((cell) => ({ ...cell, task: addVariant(cell.task, variant.id) })),
      ),
      ...(runs.every(({ results }) => results.statistics)
        ? { statistics: { level: first.results.statistics!.level, columns: statistics, ranks: null } }
        : {}),
    },
    comparisons: runs.flatMap(({ variant, comparisons }) =>
      comparisons.map((column) => ({ ...column, task: addVariant(column.task, variant.id) })),
    ),
  };
}
