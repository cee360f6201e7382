import type { Metric, Protocol, ResultCell, RunResults } from '@medbench/core';
import { formatValue, type PrintedFigure } from './format.js';
import { metricFacts } from './metrics.js';

/** One task under one protocol. */
export interface Column {
  readonly task: string;
  readonly title: string;
  readonly modality: string;
  readonly protocol: Protocol;
  /** Name of the primary metric. */
  readonly metric: string;
  /** Test examples behind a figure. */
  readonly n: number;
  /** `all` figures, `some` or `none` involve generated data. */
  readonly synthetic: 'all' | 'some' | 'none';
}

/** One measurement of a figure, made with one seed. */
export interface Measurement {
  readonly seed: number;
  readonly value: number;
  readonly ci95: readonly [number, number] | null;
}

/** What a table says at one place: one measurement, or the mean of several seeds. */
export interface Figure extends PrintedFigure {
  readonly measurements: readonly Measurement[];
  readonly synthetic: boolean;
  /** Numbers of the footnotes, from 1. */
  readonly notes: readonly number[];
  /** Highest of the methods (lowest where lower is better) as printed; never a control, never with a seed missing, never alone. */
  readonly best: boolean;
}

export interface Row {
  readonly id: string;
  readonly title: string;
  readonly question: string;
  readonly extension: boolean;
  readonly control: boolean;
  /** One per column. */
  readonly figures: readonly Figure[];
}

/** The table of a run: methods in the run's order, then controls; columns by modality, protocol and task. */
export interface ResultTable {
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
  /** Footnotes: why a cell failed or rests on fewer seeds. */
  readonly notes: readonly string[];
  /** True if figures are means over seeds. */
  readonly severalSeeds: boolean;
}

const PROTOCOL_ORDER: readonly string[] = ['zero-shot', 'linear-probe', 'retrieval', 'vqa'];

/** Mean and spread of the measurements of one metric; `none` if there are none. */
export function summarise(
  measurements: readonly Measurement[],
): Pick<Figure, 'value' | 'interval' | 'sd' | 'measurements'> {
  const count = measurements.length;
  const first = measurements[0];
  if (!first) return { value: null, interval: null, sd: null, measurements };
  if (count === 1) return { value: first.value, interval: first.ci95, sd: null, measurements };
  const mean = measurements.reduce((sum, { value }) => sum + value, 0) / count;
  const variance = measurements.reduce((sum, { value }) => sum + (value - mean) ** 2, 0) / (count - 1);
  return { value: mean, interval: null, sd: Math.sqrt(variance), measurements };
}

/** The measurements of one metric among cells of one row and column, in order of seed. */
export function measurementsOf(cells: readonly ResultCell[], metric: string): Measurement[] {
  return cells
    .flatMap(({ seed, metrics }) => {
      const found: Metric | undefined = Object.hasOwn(metrics, metric) ? metrics[metric] : undefined;
      return found && Number.isFinite(found.value) ? [{ seed, value: found.value, ci95: found.ci95 }] : [];
    })
    .sort((a, b) => a.seed - b.seed);
}

/** The cells of one row and column, one per seed. */
export function cellsAt(results: RunResults, method: string, column: Column): ResultCell[] {
  const found = results.cells.filter(
    (cell) => cell.method === method && cell.task === column.task && cell.protocol === column.protocol,
  );
  return [...new Map(found.map((cell) => [cell.seed, cell])).values()].sort((a, b) => a.seed - b.seed);
}

function columnsOf({ cells, tasks }: RunResults): Column[] {
  const facts = new Map(tasks.map((task) => [task.id, task]));
  const found = new Map<string, ResultCell[]>();
  for (const cell of cells) {
    const key = JSON.stringify([cell.task, cell.protocol]);
    found.set(key, [...(found.get(key) ?? []), cell]);
  }
  const columns = [...found.values()].map((group): Column => {
    const { task, protocol } = group[0]!;
    const measured = group.filter(({ status }) => status === 'ok');
    const synthetic = measured.filter((cell) => cell.synthetic).length;
    return {
      task,
      title: facts.get(task)?.title ?? task,
      modality: facts.get(task)?.modality ?? 'other',
      protocol,
      metric: (measured[0] ?? group[0])!.metric,
      n: Math.max(0, ...measured.map(({ n }) => n)),
      synthetic: synthetic === 0 ? 'none' : synthetic === measured.length ? 'all' : 'some',
    };
  });
  const taskOrder = new Map([...tasks.map(({ id }) => id), ...cells.map(({ task }) => task)].map((id, i) => [id, i]));
  columns.sort((a, b) => taskOrder.get(a.task)! - taskOrder.get(b.task)!);
  const modalities = [...new Set([...tasks.map(({ modality }) => modality), 'other'])];
  const order = (column: Column): number =>
    modalities.indexOf(column.modality) * 100 + ((PROTOCOL_ORDER.indexOf(column.protocol) + 100) % 100);
  return columns.sort((a, b) => order(a) - order(b));
}

type RowFacts = Omit<Row, 'figures'>;

function rowsOf({ methods, cells }: RunResults): RowFacts[] {
  const rows = new Map<string, RowFacts>(methods.map((method) => [method.id, method]));
  for (const { method: id, control } of cells) {
    if (!rows.has(id)) rows.set(id, { id, title: id, question: '', extension: false, control });
  }
  return [...rows.values()].sort((a, b) => Number(a.control) - Number(b.control));
}

/** Numbers footnotes in order of appearance; equal texts share a number. */
class Footnotes {
  readonly texts: string[] = [];
  number(text: string): number {
    const at = this.texts.indexOf(text);
    return at >= 0 ? at + 1 : this.texts.push(text);
  }
}

function figureAt(cells: readonly ResultCell[], seeds: readonly number[], footnotes: Footnotes): Figure {
  const nothing = { ...summarise([]), synthetic: false, notes: [], best: false };
  if (cells.length === 0) return { ...nothing, status: 'none' };
  const measurements: Measurement[] = [];
  const failures = new Map<string, number[]>();
  for (const { seed, status, value, ci95, error } of cells) {
    if (status === 'ok' && value !== null) measurements.push({ seed, value, ci95 });
    else {
      const reason = status === 'failed' ? (error ?? 'failed, no reason given') : 'no value was reported';
      failures.set(reason, [...(failures.get(reason) ?? []), seed]);
    }
  }
  const reasons = [...failures].map(([reason, failed]) =>
    failed.length < seeds.length ? `${failed.length > 1 ? 'seeds' : 'seed'} ${failed.join(', ')}: ${reason}` : reason,
  );
  const measured = new Set(cells.map(({ seed }) => seed));
  const missing = seeds.filter((seed) => !measured.has(seed));
  if (missing.length > 0) reasons.push(`not measured with seed ${missing.join(', ')}`);
  return {
    ...nothing,
    ...summarise(measurements),
    status: measurements.length > 0 ? 'ok' : 'failed',
    synthetic: cells.some((cell) => cell.synthetic),
    notes: reasons.map((reason) => footnotes.number(reason)),
  };
}

function withBest(rows: readonly Row[], columns: readonly Column[]): Row[] {
  const eligible = (row: Row, i: number): number | null => {
    const figure = row.figures[i]!;
    return row.control || figure.notes.length > 0 ? null : figure.value;
  };
  const best = columns.map(({ metric }, i) => {
    const values = rows.map((row) => eligible(row, i)).filter((value) => value !== null);
    if (values.length === 0 || rows.filter(({ control }) => !control).length < 2) return undefined;
    return formatValue(metricFacts(metric).lowerIsBetter ? Math.min(...values) : Math.max(...values));
  });
  return rows.map((row) => ({
    ...row,
    figures: row.figures.map((figure, i) => {
      const value = eligible(row, i);
      return { ...figure, best: value !== null && formatValue(value) === best[i] };
    }),
  }));
}

/** Arranges a run's cells as a table. Rows and tasks that only the cells name are added at the end. */
export function resultTable(results: RunResults): ResultTable {
  const columns = columnsOf(results);
  const footnotes = new Footnotes();
  const rows = rowsOf(results).map(
    (facts): Row => ({
      ...facts,
      figures: columns.map((column) => figureAt(cellsAt(results, facts.id, column), results.run.seeds, footnotes)),
    }),
  );
  return {
    columns,
    rows: withBest(rows, columns),
    notes: footnotes.texts,
    severalSeeds: rows.some(({ figures }) => figures.some(({ sd }) => sd !== null)),
  };
}

/** Splits a list where `key` changes. */
export function runsOf<T>(items: readonly T[], key: (item: T) => string): T[][] {
  const runs: T[][] = [];
  for (const item of items) {
    const last = runs.at(-1);
    if (last && key(last[0]!) === key(item)) last.push(item);
    else runs.push([item]);
  }
  return runs;
}

export const SYNTHETIC_LINE = 'Figures marked * are on generated phantoms: they say nothing about medicine.';

/** What the figures and marks of a table mean, one sentence each. */
export function captionOf({ severalSeeds, rows }: ResultTable, bold: boolean): string[] {
  const figures = rows.flatMap((row) => row.figures);
  const says = (when: boolean, text: string): string[] => (when ? [text] : []);
  return [
    ...says(severalSeeds, 'mean ± standard deviation over seeds'),
    ...says(
      figures.some(({ interval }) => interval !== null),
      'value [95 % interval]',
    ),
    ...says(bold && figures.some(({ best }) => best), 'bold: best method of the column'),
    ...says(
      figures.some(({ status }) => status === 'none'),
      '— not applicable',
    ),
    ...says(
      figures.some(({ status }) => status === 'failed'),
      '✗ failed',
    ),
  ];
}
