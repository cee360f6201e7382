import type { ScoredColumn } from '../contracts/statistics.js';
import type { TaskResult } from '../contracts/task.js';
import type { PlannedCell } from '../plan/plan.js';

interface Row {
  readonly id: string;
  readonly control: boolean;
  readonly seeds: ScoredColumn['rows'][number]['seeds'][number][];
}

interface Column extends Omit<ScoredColumn, 'rows'> {
  readonly rows: Map<string, Row>;
}

/** Scores of single test examples of a run's cells, for paired tests at its end. */
export class ScoreTable {
  readonly #columns = new Map<string, Column>();

  add({ row, task, seed }: PlannedCell, { protocol, metric, metrics, perExample, groups }: TaskResult): void {
    const value = metrics[metric]?.value;
    if (value === undefined || perExample.length === 0) return;
    const key = JSON.stringify([task.id, protocol]);
    const column: Column = this.#columns.get(key) ?? { task: task.id, protocol, metric, groups, rows: new Map() };
    this.#columns.set(key, column);
    const known = column.rows.get(row.id) ?? { id: row.id, control: row.kind === 'control', seeds: [] };
    column.rows.set(row.id, known);
    known.seeds.push({ seed, value, perExample });
  }

  /** Columns in the order in which they were first met. */
  columns(): ScoredColumn[] {
    return [...this.#columns.values()].map((column) => ({ ...column, rows: [...column.rows.values()] }));
  }
}
