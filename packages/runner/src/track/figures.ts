import type { ResultCell, TrackedPoint } from '@medbench/core';
import type { RunFile } from '../results.js';
import type { RunLayout } from '../store/layout.js';
import { KeptFiles, modifiedAt } from '../watch/kept-files.js';
import { type KnownResults, readCurrentResults } from '../watch/measured.js';

/** The figures of a row and seed. */
export interface MeasuredUnit {
  readonly row: string;
  readonly seed: number;
  readonly points: readonly TrackedPoint[];
  /** Whether the run has ended, so that no more figures come. */
  readonly final: boolean;
}

/** The figures of a cell, with the bounds of their intervals. */
function listFigures(cell: ResultCell, step: number, time: number): TrackedPoint[] {
  const group = cell.synthetic ? 'figures on generated data' : 'figures';
  const primary = cell.value === null || !cell.ci95 ? {} : { [cell.metric]: { value: cell.value, ci95: cell.ci95 } };
  return Object.entries({ ...primary, ...cell.metrics }).flatMap(([metric, { value, ci95 }]) => {
    const curve = `${group}/${cell.task}/${cell.protocol}/${metric}`;
    const [low, high] = ci95;
    const figures = { [curve]: value, [`${curve}/low`]: low, [`${curve}/high`]: high };
    return Object.entries(figures).flatMap(([name, figure]) =>
      Number.isFinite(figure) ? [{ curve: name, step, time, value: figure }] : [],
    );
  });
}

/** Step of the figures of a row: that after its last training step; 0 for a row that trains nothing. */
const lastStep = ({ training }: KnownResults, row: string, seed: number): number =>
  training.find((record) => record.method === row && record.seed === seed)?.steps ?? 0;

function listUnits(layout: RunLayout, results: KnownResults): MeasuredUnit[] {
  const units = new Map<string, { readonly row: string; readonly seed: number; readonly cells: ResultCell[] }>();
  for (const cell of results.cells) {
    const { method: row, seed, status } = cell;
    const unit = units.get(JSON.stringify([row, seed])) ?? { row, seed, cells: [] };
    units.set(JSON.stringify([row, seed]), unit);
    if (status === 'ok') unit.cells.push(cell);
  }
  return [...units.values()].map(({ row, seed, cells }) => ({
    ...{ row, seed, final: results.statistics !== undefined },
    points: cells.flatMap((cell) => {
      const time = Math.round(modifiedAt(layout.cell(row, cell.task, seed)) ?? 0);
      return listFigures(cell, lastStep(results, row, seed), time);
    }),
  }));
}

/** The figures that the table of a run has so far. Files are looked at only when the table has changed. */
export class Figures {
  readonly #files = new KeptFiles();
  #results: KnownResults | undefined;
  #units: readonly MeasuredUnit[] = [];

  /** Reads the figures of each row and seed. */
  read(layout: RunLayout, run: RunFile): readonly MeasuredUnit[] {
    const results = readCurrentResults(layout, this.#files, run)?.value;
    if (results !== this.#results) this.#units = results ? listUnits(layout, results) : [];
    this.#results = results;
    return this.#units;
  }
}
