import type { ClassificationDetail, ScoredColumn, TaskResult } from '@medbench/core';

interface Row {
  readonly id: string;
  readonly control: boolean;
  readonly seeds: ScoredColumn['rows'][number]['seeds'][number][];
}

interface Column extends Omit<ScoredColumn, 'rows'> {
  readonly rows: Map<string, Row>;
}

/** Returns the number of test examples of each class: the row sums of the confusion matrix. */
const countClasses = ({ classes, confusion }: ClassificationDetail): Record<string, number> =>
  Object.fromEntries(classes.map((name, c) => [name, (confusion[c] ?? []).reduce((sum, count) => sum + count, 0)]));

/** Identifies the source of scores: row, task, seed and data hash. */
interface ScoreOrigin {
  readonly row: string;
  readonly control: boolean;
  readonly task: string;
  readonly seed: number;
  readonly data?: string | undefined;
}

/** Per-example scores whose mean is the metric. */
interface MetricScores {
  readonly metric: string;
  readonly scores: readonly number[];
  readonly groups: readonly number[] | undefined;
}

/** Per-example scores of a run's cells, for paired tests. */
export class ScoreTable {
  readonly #columns = new Map<string, Column>();

  add(origin: ScoreOrigin, result: TaskResult): void {
    const { metric, perExample, scores = perExample, groups, parts = [] } = result;
    this.#add(origin, result, { metric, scores, groups }, false);
    for (const { examples, ...part } of parts) {
      this.#add(origin, result, { ...part, groups: groups && examples.map((i) => groups[i]!) }, true);
    }
  }

  #add(
    { row, control, task, seed, data }: ScoreOrigin,
    { protocol, metrics, classification }: TaskResult,
    { metric, scores: perExample, groups }: MetricScores,
    part: boolean,
  ): void {
    const value = metrics[metric]?.value;
    if (value === undefined || perExample.length === 0) return;
    const key = JSON.stringify([task, protocol, part && metric]);
    const classCounts = classification && countClasses(classification);
    const existing = this.#columns.get(key);
    const column: Column = existing ?? { task, protocol, metric, groups, data, classCounts, part, rows: new Map() };
    this.#columns.set(key, column);
    const rowScores = column.rows.get(row) ?? { id: row, control, seeds: [] };
    column.rows.set(row, rowScores);
    rowScores.seeds.push({ seed, value, perExample });
  }

  /** Returns the columns in the order in which they were first added. */
  columns(): ScoredColumn[] {
    return [...this.#columns.values()].map((column) => ({ ...column, rows: [...column.rows.values()] }));
  }
}
