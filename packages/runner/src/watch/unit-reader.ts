import { existsSync } from 'node:fs';
import { type ResultCell, readSealed, type SeenLock, type TrainingRecord } from '@medbench/core';
import type { PlannedTable, PlannedTableRow, RunFile } from '../results.js';
import type { StoredTraining } from '../stages/training.js';
import { GENERAL, type RunLayout, tryReadJson } from '../store/index.js';
import { type Unit, unitId } from '../units/id.js';
import type { UnitFailure } from '../units/unit-folder.js';
import { Costs } from './costs.js';
import type { KeptFiles } from './kept-files.js';
import type { Measured, MeasuredTask } from './measured.js';
import type { WatchedCurve, WatchedFailure, WatchedUnit } from './state.js';
import { thin } from './thin.js';
import type { LoggedTraining, TrainingLog } from './training-log.js';

/** Most points of a curve, and as many of its validations. */
const MOST_POINTS = 400;
type LockedUnit = Unit | typeof GENERAL;

type SlimTraining = Pick<TrainingRecord, 'steps' | 'seconds' | 'curve'> & { readonly validation: WatchedCurve['loss'] };

function readTraining(path: string): SlimTraining | undefined {
  const file = readSealed<StoredTraining>(path);
  if (file.state !== 'intact') return undefined;
  const { steps, seconds, curve, validation } = file.value.record;
  return { steps, seconds, curve, validation: validation?.curve ?? [] };
}

const readFailure = (path: string): UnitFailure | undefined => tryReadJson<UnitFailure>(path);

/** A unit, and what belongs to it elsewhere in the state of the run. */
export interface Draft {
  readonly unit: WatchedUnit;
  readonly curve?: WatchedCurve | undefined;
  readonly cells: readonly ResultCell[];
  readonly failures: readonly WatchedFailure[];
  /** Whether a process holds its lock. */
  readonly held: boolean;
}

/** The columns in which a row has a cell. */
export const columnsOf = ({ columns }: PlannedTable, { protocols }: PlannedTableRow): PlannedTable['columns'] =>
  columns.filter(({ protocol }) => protocols.includes(protocol));

/** Parts of a watch that remember what they have read. */
interface ReaderParts {
  readonly layout: RunLayout;
  readonly files: KeptFiles;
  readonly log: TrainingLog;
  readonly lock: (id: string, folder: string) => SeenLock;
}

/** Reads the units of a run at one moment. */
export class UnitReader {
  readonly #costs = new Costs();
  readonly #work = new Map<string, Parameters<Costs['secondsLeft']>[0]>();
  readonly #synthetic: boolean;

  constructor(
    private readonly run: RunFile,
    private readonly table: PlannedTable,
    private readonly measured: Measured,
    /** When the run with these settings began, by the clock of the file system and by that of its machine. */
    private readonly begun: { readonly files: number; readonly log: number },
    private readonly parts: ReaderParts,
  ) {
    this.#synthetic = run.config.synthetic || parts.log.isGenerated(table.corpora);
  }

  general(): Draft {
    const { general } = this.run.config;
    const steps = general.weights === null ? general.steps : 0;
    const synthetic = this.run.config.synthetic || this.parts.log.isGenerated([general.corpus]);
    return this.#draft(GENERAL, { row: GENERAL, seed: 0, steps, synthetic, tasks: new Map() });
  }

  unit(row: PlannedTableRow, seed: number): Draft {
    const { stopAt, steps } = this.run.config.training;
    const trains = !row.control && row.question !== 'embeddings';
    const tasks = new Map<string, MeasuredTask>();
    for (const { task } of columnsOf(this.table, row)) {
      if (!tasks.has(task)) tasks.set(task, this.measured.task(row, task, seed, trains && this.#synthetic));
    }
    for (const [task, { state, seconds }] of tasks) if (state === 'done') this.#costs.addTask(task, trains, seconds);
    const planned = trains ? Math.min(stopAt ?? steps, steps) : 0;
    return this.#draft(
      { row: row.id, seed },
      { row: row.id, seed, steps: planned, synthetic: this.#synthetic, tasks, planned: row },
    );
  }

  withTimeLeft(unit: WatchedUnit): WatchedUnit {
    const work = this.#work.get(unit.id);
    const seconds = work && this.#costs.secondsLeft(work);
    return seconds === undefined ? unit : { ...unit, secondsLeft: seconds };
  }

  howEstimated(processes: number): string {
    return [
      'steps at the speed of the trainings at work, else at the mean of those that are done',
      this.#costs.knowsTasks ? 'measurements at their mean so far' : 'without measurements, none of which is done yet',
      `divided by ${processes === 1 ? 'the one process' : `the ${processes} processes`} at work`,
    ].join('; ');
  }

  #draft(
    unit: LockedUnit,
    {
      row,
      seed,
      steps,
      synthetic,
      tasks,
      planned,
    }: {
      readonly row: string;
      readonly seed: number;
      readonly steps: number;
      readonly synthetic: boolean;
      readonly tasks: ReadonlyMap<string, MeasuredTask>;
      readonly planned?: PlannedTableRow;
    },
  ): Draft {
    const { layout, files } = this.parts;
    const id = unit === GENERAL ? GENERAL : unitId(unit);
    const lock = this.parts.lock(id, layout.lockOfUnit(unit));
    const failure = files.read(layout.failure(unit), readFailure)?.value;
    const training = this.#training(id, row, seed);
    const done = [...tasks.values()].filter(({ state }) => state === 'done').length;
    const unchecked = [...tasks.values()].filter(({ state }) => state === 'unchecked').length;
    const trained =
      steps === 0 ? unit !== GENERAL || existsSync(layout.training(GENERAL, 0)) : training?.finished === true;
    const complete = trained && done === tasks.size;
    const holder = lock.state === 'held' ? lock.holder : undefined;
    // Whoever writes the table takes each unit once more, for a moment.
    const works = holder !== undefined && !(complete && Object.keys(lock.note).length === 0);
    const state = works ? 'working' : failure ? 'failed' : complete ? 'done' : 'waiting';
    const noted = works && typeof lock.note.step === 'number' ? lock.note.step : 0;
    const step = training?.finished ? training.step : Math.max(noted, training?.step ?? 0);
    const trainsNow = works && !training?.finished;
    const speed = trainsNow ? training?.speed : undefined;
    if (speed) this.#costs.addTraining(row, 1 / speed);
    const tasksLeft = [...tasks].flatMap(([task, { state }]) => (state === 'done' ? [] : [task]));
    if (state === 'working' || state === 'waiting') {
      const trains = steps > 0;
      this.#work.set(id, { row, trains, stepsLeft: trained ? 0 : Math.max(0, steps - step), speed, tasksLeft });
    }
    const task = works && typeof lock.note.task === 'string' ? lock.note.task : undefined;
    const columns = planned ? columnsOf(this.table, planned) : [];
    const failures = failure && !works ? listFailures(id, failure) : [];
    return {
      held: holder !== undefined,
      failures,
      cells: [
        ...[...tasks.values()].flatMap(({ cells }) => cells),
        ...(planned ? failedCells(columns, planned, seed, failures, tasks) : []),
      ],
      curve: training && {
        ...{ id, row, seed, steps: training.finished ? training.step : steps, synthetic },
        loss: thin(training.loss, MOST_POINTS),
        validation: thin(training.validation, MOST_POINTS),
      },
      unit: {
        ...{ id, row, seed, state },
        ...(steps > 0 && (step > 0 || works) ? { step: Math.min(step, steps), steps } : {}),
        ...(task === undefined ? {} : { task }),
        tasks: { planned: tasks.size, done, unchecked },
        ...(speed ? { pairsPerSecond: speed * this.run.config.training.batchSize } : {}),
        ...(works ? { host: holder.host, pid: holder.pid } : {}),
        ...(works && holder.since !== undefined ? { since: holder.since } : {}),
        ...(works ? { silent: lock.silent } : {}),
      },
    };
  }

  /** Finds what is known of a training: from its record if it is finished, else from the logs. */
  #training(id: string, row: string, seed: number): (LoggedTraining & { readonly finished: boolean }) | undefined {
    const { layout, files, log } = this.parts;
    const { training } = this.run.config;
    const stopAt =
      row !== GENERAL && training.stopAt !== null && training.stopAt < training.steps ? training.stopAt : undefined;
    const file = layout.training(row, seed, stopAt);
    const logged = log.training(id, this.begun.log);
    const record = files.read(file, readTraining);
    const listed = this.measured.results?.training.some((one) => one.method === row && one.seed === seed);
    const current = record && (record.modified >= this.begun.files || listed === true);
    // An attempt that began after the record was written and has not ended is a training anew.
    const anew = logged && !logged.ended && (stopAt === undefined || logged.step < stopAt);
    if (!current || (anew && logged.loss.length > 0)) return logged && { ...logged, finished: false };
    const { steps, seconds, curve, validation } = record.value;
    if (steps > 0) this.#costs.addTraining(row, seconds / steps);
    return { steps, step: steps, ended: true, loss: curve, validation, speed: undefined, finished: true };
  }
}

function listFailures(unit: string, { error, failures, host }: UnitFailure): WatchedFailure[] {
  const why = ({ message, hint }: { readonly message: string; readonly hint?: string }): string =>
    hint === undefined ? message : `${message}. ${hint}`;
  if (error) return [{ unit, why: why(error), host }];
  return Object.entries(failures).map(([task, record]) => ({ unit, task, why: why(record), host }));
}

/** The cells that failed: all of a unit, or those of its tasks that could not be measured. */
const failedCells = (
  columns: PlannedTable['columns'],
  { id, control }: PlannedTableRow,
  seed: number,
  failures: readonly WatchedFailure[],
  tasks: ReadonlyMap<string, MeasuredTask>,
): ResultCell[] =>
  columns.flatMap(({ task, protocol, metric }) => {
    const failure = failures.find((one) => one.task === undefined || one.task === task);
    if (!failure || tasks.get(task)?.state === 'done') return [];
    return [
      {
        ...{
          method: id,
          control,
          task,
          protocol,
          seed,
          metric,
          value: null,
          ci95: null,
          n: 0,
          metrics: {},
          seconds: 0,
        },
        ...{ status: 'failed' as const, error: failure.why, synthetic: false },
      },
    ];
  });
