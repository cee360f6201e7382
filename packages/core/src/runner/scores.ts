import type { ScoredColumn } from '../contracts/statistics.js';
import type { ClassificationDetail, TaskResult } from '../contracts/task.js';

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

/** Scores of single test examples of a run's cells, for paired tests. */
export class ScoreTable {
  readonly #columns = new Map<string, Column>();

  add({ row, control, task, seed, data }: Place, result: TaskResult): void {
    const { protocol, metric, metrics, perExample, groups, classification } = result;
    const value = metrics[metric]?.value;
    if (value === undefined || perExample.length === 0) return;
    const key = JSON.stringify([task, protocol]);
    const classCounts = classification && countsOf(classification);
    const known = this.#columns.get(key);
    const column: Column = known ?? { task, protocol, metric, groups, data, classCounts, rows: new Map() };
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
