import { type ResultCell, type RunResults, readSealed } from '@medbench/core';
import { flatSettings } from '../config/flat.js';
import type { PlannedTable, PlannedTableRow, RunFile } from '../results.js';
import { makeCell } from '../stages/make-cell.js';
import { hashJson, type RunLayout, type StoredCell } from '../store/index.js';
import { type KeptFiles, modifiedAt, type ReadFile } from './kept-files.js';

/** A cell without what only the report shows. */
const slim = ({ classification: _, retrieval: __, ...cell }: ResultCell): ResultCell => cell;

/** The figures of a row and seed on a task, as far as they are known. */
export interface MeasuredTask {
  /** `unchecked`: its figures were there before the settings changed, and nothing has confirmed them since. */
  readonly state: 'done' | 'unchecked' | 'missing';
  readonly seconds: number;
  /** One cell for each protocol. */
  readonly cells: readonly ResultCell[];
}

const MISSING: MeasuredTask = { state: 'missing', seconds: 0, cells: [] };

/** The part of `results.json` that is shown while a run works. */
export type KnownResults = Pick<RunResults, 'run' | 'methods' | 'tasks' | 'cells' | 'training' | 'statistics'> &
  Pick<RunResults, 'protocols'>;

function readResults(path: string): KnownResults | undefined {
  const file = readSealed<RunResults>(path);
  if (file.state !== 'intact' || file.value.schemaVersion !== 1) return undefined;
  const { run, methods, tasks, protocols, cells, training, statistics } = file.value;
  return {
    ...{ run, methods, tasks, training, cells: cells.map(slim) },
    ...(protocols ? { protocols } : {}),
    ...(statistics ? { statistics } : {}),
  };
}

/** Reads the results of a run; undefined if there are none, or they are of other settings. */
export function readCurrentResults(
  layout: RunLayout,
  files: KeptFiles,
  { config }: RunFile,
): ReadFile<KnownResults> | undefined {
  const read = files.read(layout.results, readResults);
  return read && hashJson(read.value.run.settings) === hashJson(flatSettings(config)) ? read : undefined;
}

/** Reads a cell, and leaves the scores of single examples out. */
function readCell(path: string): StoredCell | undefined {
  const file = readSealed<StoredCell>(path);
  if (file.state !== 'intact') return undefined;
  const results = file.value.results.map(
    ({ sampled: _, scores: __, labels: ___, groups: ____, parts: _____, ...kept }) => {
      const { classification: ______, retrieval: _______, ...result } = kept;
      return { ...result, perExample: [] };
    },
  );
  return { ...file.value, results };
}

/** The figures of a run folder: those of `results.json`, and cells that came after it. */
export class Measured {
  /** The results, if they are of the present settings. */
  readonly results: KnownResults | undefined;
  readonly #inResults = new Map<string, ResultCell[]>();
  readonly #resultsModified: number;

  constructor(
    private readonly layout: RunLayout,
    private readonly files: KeptFiles,
    run: RunFile,
    /** When the run with these settings began, in milliseconds by the clock of the file system. */
    private readonly begun: number,
  ) {
    const read = readCurrentResults(layout, files, run);
    this.results = read?.value;
    this.#resultsModified = read?.modified ?? 0;
    for (const cell of this.results?.cells ?? []) {
      const key = JSON.stringify([cell.method, cell.task, cell.seed]);
      const cells = this.#inResults.get(key);
      if (cells) cells.push(cell);
      else this.#inResults.set(key, [cell]);
    }
  }

  /** Whether the table holds a figure, or a reason, for every planned cell. */
  isComplete({ rows, columns }: PlannedTable, seeds: readonly number[]): boolean {
    if (!this.results?.statistics) return false;
    return rows.every(({ id, protocols }) =>
      seeds.every((seed) =>
        columns.every(
          ({ task, protocol }) =>
            !protocols.includes(protocol) || this.listed(id, task, seed).some((cell) => cell.protocol === protocol),
        ),
      ),
    );
  }

  /** The cells of a row, task and seed in `results.json`. */
  listed(row: string, task: string, seed: number): readonly ResultCell[] {
    return this.#inResults.get(JSON.stringify([row, task, seed])) ?? [];
  }

  /**
   * Says what is known of a row and seed on a task.
   * @param synthetic whether the row was trained on generated data.
   */
  task({ id, control }: PlannedTableRow, task: string, seed: number, synthetic: boolean): MeasuredTask {
    const path = this.layout.cell(id, task, seed);
    const listed = this.listed(id, task, seed);
    const modified = modifiedAt(path);
    if (modified === undefined) return MISSING;
    const confirmed = listed.length > 0 && listed.every(({ status }) => status === 'ok');
    if (confirmed && modified <= this.#resultsModified) {
      return { state: 'done', seconds: listed[0]!.seconds, cells: listed };
    }
    if (modified < this.begun) return { ...MISSING, state: 'unchecked' };
    const file = this.files.read(path, readCell);
    if (!file) return MISSING;
    const { seconds, results } = file.value;
    const place = { row: { id, kind: control ? 'control' : 'method' }, task: { id: task }, seed };
    const cells = results.map((result) =>
      makeCell(place, seconds, result, file.value.synthetic || synthetic, undefined),
    );
    return { state: 'done', seconds, cells };
  }
}
