import type { Plan } from '@medbench/runner';
import type { RowPlan } from '../row-plan.js';
import { countExamples } from './examples.js';
import type { MeasuredCell, Measurements } from './measure/record.js';

/** Bytes of a run folder. */
export interface DiskBytes {
  /** Weights of all rows and seeds, and the general-domain ones. */
  readonly weights: number;
  /** Embeddings that are kept (`keepEmbeddings`). */
  readonly embeddings: number;
  /** Figures of all cells, the table, the report and the rest. */
  readonly results: number;
  readonly total: number;
  /** States from which trainings resume, of as many trainings as there are processes. They are removed at the end. */
  readonly whileTraining: number;
}

/** Bytes of a number in an array of embeddings, and of the array's header in NumPy's format. */
const NUMBER = 4;
const HEADER = 128;

/** Works out the bytes of a run folder, from the sizes of files that a sample of the run wrote. */
export function diskBytes(plan: Plan, rows: readonly RowPlan[], measurements: Measurements, jobs: number): DiskBytes {
  const { units, gather } = measurements;
  const seeds = plan.config.seeds.length;
  const weights = rows.reduce((sum, { id, trainings }) => {
    const bytes = units.find(({ row }) => row === id)?.training?.weightBytes ?? 0;
    return sum + trainings * bytes;
  }, 0);
  const representative = units.find(({ training, cells }) => training && cells.length > 0)?.cells ?? [];
  const ratio = (cell: MeasuredCell): number =>
    cell.used > 0 ? countExamples(plan, measurements, cell) / cell.used : 1;
  const taskKind = (id: string) => plan.tasks.find((task) => task.id === id)?.info.kind;
  const arraysOf = (cell: MeasuredCell): number =>
    cell.arrays.reduce((sum, { rows: count, cols, texts }) => {
      const grows = !texts || taskKind(cell.task) === 'retrieval' || taskKind(cell.task) === 'vqa';
      return sum + HEADER + NUMBER * cols * Math.round(count * (grows ? ratio(cell) : 1));
    }, 0);
  const trained = rows.reduce((sum, { cells, trainings }) => sum + (cells > 0 ? trainings : 0), 0);
  const embeddings = plan.config.keepEmbeddings
    ? trained * representative.reduce((sum, cell) => sum + arraysOf(cell), 0)
    : 0;
  const cells = plan.rows.reduce((sum, { id, kind }) => {
    const own = kind === 'control' ? (units.find(({ row }) => row === id)?.cells ?? []) : representative;
    return sum + seeds * own.reduce((bytes, cell) => bytes + cell.bytes * ratio(cell), 0);
  }, 0);
  const mean =
    representative.length > 0 ? representative.reduce((sum, cell) => sum + ratio(cell), 0) / representative.length : 1;
  const perRow = (plan.rows.length * seeds) / Math.max(1, gather.rows);
  const results = cells + gather.bytes * perRow * mean;
  const state = Math.max(0, ...units.map(({ training }) => training?.stateBytes ?? 0));
  return {
    ...{ weights, embeddings, results, total: weights + embeddings + results },
    whileTraining: state * Math.min(jobs, Math.max(1, trained)),
  };
}
