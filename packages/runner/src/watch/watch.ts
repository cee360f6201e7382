import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { Lock, type SeenLock } from '@medbench/core';
import type { RunFile } from '../results.js';
import { GENERAL, RunLayout, tryReadJson } from '../store/index.js';
import { GATHER } from '../units/id.js';
import { runSecondsLeft } from './costs.js';
import { KeptFiles } from './kept-files.js';
import { Measured } from './measured.js';
import { findTable } from './planned.js';
import type { WatchedRun, WatchedUnit } from './state.js';
import { TrainingLog } from './training-log.js';
import { columnsOf, UnitReader } from './unit-reader.js';

/** Milliseconds between two looks at the folder. Looking works on network file systems, which tell of no changes. */
const LOOK = 2000;

/**
 * A run folder that is followed from elsewhere. It reads the folder and writes nothing, needs neither data nor plugins, and
 * reads only what has changed since the last time. Whether files follow from the present data and code it cannot tell;
 * `UnitStates` can.
 */
export class RunWatch {
  readonly #layout: RunLayout;
  readonly #files = new KeptFiles();
  readonly #log = new TrainingLog();
  readonly #locks = new Map<string, Lock>();

  /** @param folder absolute path of a run folder. */
  constructor(folder: string) {
    this.#layout = new RunLayout(folder);
  }

  /** Reads the state of the run; undefined if the folder is not that of a run. */
  read(): WatchedRun | undefined {
    const layout = this.#layout;
    const run = this.#files.read(layout.run, (path) => tryReadJson<RunFile>(path))?.value;
    if (!run) return undefined;
    this.#log.read(layout.logs());
    const { config } = run;
    const marker = this.#files.read(layout.begun, (path) => tryReadJson<{ readonly time: string }>(path));
    const begun = { files: marker?.modified ?? 0, log: Date.parse(marker?.value.time ?? '') || 0 };
    const measured = new Measured(layout, this.#files, run, begun.files);
    const table = run.table ?? findTable(layout, measured.results);
    const reader = new UnitReader(run, table, measured, begun, {
      ...this.#parts(),
      lock: (id, dir) => this.#look(id, dir),
    });
    const gather = this.#look(GATHER, layout.lock);
    const drafts = [
      ...(this.#hasGeneral() ? [reader.general()] : []),
      ...config.seeds.flatMap((seed) => table.rows.map((row) => reader.unit(row, seed))),
    ];
    const working = drafts.filter(({ unit }) => unit.state === 'working').length;
    const complete = measured.isComplete(table, config.seeds);
    const held = gather.state === 'held' || drafts.some((draft) => draft.held);
    const state = held ? 'running' : complete ? 'ended' : 'idle';
    const units = drafts.map(({ unit }) => reader.withTimeLeft(unit));
    const left = runSecondsLeft(
      units.map(({ state, secondsLeft }) => (state === 'done' || state === 'failed' ? 0 : secondsLeft)),
      working,
    );
    const ended = state === 'ended' ? measured.results : undefined;
    const cells = ended?.cells ?? drafts.flatMap((draft) => draft.cells);
    const curves = drafts.flatMap(({ curve }) => (curve ? [curve] : []));
    const settled = units.filter(({ state }) => state === 'done' || state === 'failed').length;
    const planned = table.rows.reduce((sum, row) => sum + columnsOf(table, row).length, 0) * config.seeds.length;
    return {
      schemaVersion: 1,
      folder: layout.folder,
      time: new Date().toISOString(),
      state,
      command: run.command,
      backend: run.backend,
      preset: config.preset ?? 'none',
      seeds: config.seeds,
      ...(run.study ? { study: run.study.title } : {}),
      synthetic:
        config.synthetic ||
        cells.some(({ synthetic }) => synthetic) ||
        curves.some(({ row, synthetic }) => synthetic && row !== GENERAL),
      units: [...units, this.#gather(gather, ended !== undefined, settled === units.length)],
      curves,
      table: {
        ...{ rows: table.rows, tasks: table.tasks, protocols: table.protocols, columns: table.columns, cells },
        ...(ended?.statistics ? { statistics: ended.statistics } : {}),
      },
      failures: drafts.flatMap(({ failures }) => failures),
      progress: {
        units: { settled: settled + (ended ? 1 : 0), all: units.length + 1 },
        cells: {
          done: cells.filter(({ status }) => status === 'ok').length,
          failed: cells.filter(({ status }) => status === 'failed').length,
          planned,
        },
        ...(left === undefined || state !== 'running'
          ? {}
          : { left: { seconds: left, how: reader.howEstimated(working) } }),
      },
      launchers: layout.launched(),
      unknown: run.table
        ? []
        : ['A version that did not record the rows and tasks began this run: only what has begun is shown.'],
    };
  }

  /**
   * Yields the state of the run, and again whenever it changes, until the run has ended.
   * @param interval milliseconds between two looks. Default: two seconds.
   */
  async *changes({
    signal,
    interval = LOOK,
  }: {
    readonly signal?: AbortSignal;
    readonly interval?: number;
  } = {}): AsyncGenerator<WatchedRun> {
    for (let shown = ''; !signal?.aborted; ) {
      const state = this.read();
      const text = state ? JSON.stringify({ ...state, time: '', units: state.units.map(inHalfMinutes) }) : shown;
      if (state && text !== shown) {
        shown = text;
        yield state;
      }
      if (state?.state === 'ended') return;
      await delay(interval, undefined, signal ? { signal } : {}).catch(() => {});
    }
  }

  #parts() {
    return { layout: this.#layout, files: this.#files, log: this.#log };
  }

  #look(id: string, folder: string): SeenLock {
    const lock = this.#locks.get(id) ?? new Lock(folder);
    this.#locks.set(id, lock);
    return lock.look();
  }

  /** Whether general-domain weights are, or were, made in this run. */
  #hasGeneral(): boolean {
    return existsSync(this.#layout.unit(GENERAL)) || existsSync(this.#layout.training(GENERAL, 0));
  }

  #gather({ state, holder }: SeenLock, ended: boolean, last: boolean): WatchedUnit {
    const tasks = { planned: 0, done: 0, unchecked: 0 };
    if (state !== 'held' || !holder || !last) return { id: GATHER, state: ended ? 'done' : 'waiting', tasks };
    const { host, pid, since } = holder;
    return { id: GATHER, state: 'working', tasks, host, pid, ...(since === undefined ? {} : { since }) };
  }
}

/** A process gives a sign of life every ten seconds: only a longer silence is a change. */
const inHalfMinutes = ({ silent = 0, ...unit }: WatchedUnit): unknown => ({ ...unit, silent: Math.floor(silent / 30) });
