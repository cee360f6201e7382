import type { ClassificationDetail, ScoredColumn, TaskResult } from '@medbench/core';

interface Row {
  readonly id: string;
  readonly control: boolean;
  readonly seeds: ScoredColumn['rows'][number]['seeds'][number][];
}

interface Column extends Omit<ScoredColumn, 'rows'> {
  readonly rows: Map<string, Row>;
}

/** Number of test examples of each class: the sums over the rows of the confusion matrix. */
const countsOf = ({ classes, confusion }: ClassificationDetail): Record<string, number> =>
  Object.fromEntries(classes.map((name, c) => [name, (confusion[c] ?? []).reduce((sum, count) => sum + count, 0)]));

/** Of whom scores are, and of what data. */
interface Place {
  readonly row: string;
  readonly control: boolean;
  readonly task: string;
  readonly seed: number;
  readonly data?: string | undefined;
}

/** Scores weighted so that their mean is the mean of the classes' means: each counts the same, however many examples it has. */
function classBalanced(scores: readonly number[], labels: readonly number[]): readonly number[] {
  const counts = new Map<number, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  // With one class, right or wrong stays that.
  if (counts.size < 2) return scores;
  return scores.map((score, i) => (score * scores.length) / (counts.size * counts.get(labels[i]!)!));
}

/**
 * A result whose scores have the primary metric for their mean: a balanced accuracy may rise while fewer examples are right,
 * and a test of those would say the opposite of the figure.
 */
export function underMetric(result: TaskResult): TaskResult {
  const { metric, labels, perExample } = result;
  return metric === 'balanced_accuracy' && labels
    ? { ...result, perExample: classBalanced(perExample, labels) }
    : result;
}

/**
 * The test examples of rare classes alone, scored so that their mean is `rare_recall`. Undefined where there is no such
 * class.
 */
export function rarePart(result: TaskResult): TaskResult | undefined {
  const { classification, labels, perExample, groups } = result;
  if (!classification || !labels || classification.rare.length === 0) return undefined;
  const rare = new Set(classification.rare.map((name) => classification.classes.indexOf(name)));
  const places = [...labels.keys()].filter((i) => rare.has(labels[i]!));
  const of = <T>(all: readonly T[]): T[] => places.map((i) => all[i]!);
  return {
    ...result,
    metric: 'rare_recall',
    n: places.length,
    perExample: classBalanced(of(perExample), of(labels)),
    ...(groups ? { groups: of(groups) } : {}),
  };
}

/** Scores of single test examples of a run's cells, for paired tests. */
export class ScoreTable {
  readonly #columns = new Map<string, Column>();

  add(place: Place, result: TaskResult): void {
    this.#add(place, underMetric(result), false);
    const rare = rarePart(result);
    if (rare) this.#add(place, rare, true);
  }

  #add({ row, control, task, seed, data }: Place, result: TaskResult, part: boolean): void {
    const { protocol, metric, metrics, perExample, groups, classification } = result;
    const value = metrics[metric]?.value;
    if (value === undefined || perExample.length === 0) return;
    const key = JSON.stringify([task, protocol, part]);
    const classCounts = classification && countsOf(classification);
    const known = this.#columns.get(key);
    const column: Column = known ?? { task, protocol, metric, groups, data, classCounts, part, rows: new Map() };
    this.#columns.set(key, column);
    const there = column.rows.get(row) ?? { id: row, control, seeds: [] };
    column.rows.set(row, there);
    there.seeds.push({ seed, value, perExample });
  }

  /** Columns in the order in which they were first met. */
  columns(): ScoredColumn[] {
    return [...this.#columns.values()].map((column) => ({ ...column, rows: [...column.rows.values()] }));
  }
}
