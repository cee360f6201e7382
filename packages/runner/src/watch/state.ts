import type { ResultCell, RunStatistics } from '@medbench/core';
import type { PlannedTable } from '../results.js';
import type { UnitState } from '../units/unit-states.js';

/** A point of a curve: the loss of a batch, or of the validation, at a step. */
export interface CurvePoint {
  readonly step: number;
  readonly loss: number;
}

/** The loss of one training by step, as far as it is, with a limited number of points. */
export interface WatchedCurve {
  /** Id of the unit. */
  readonly id: string;
  readonly row: string;
  readonly seed: number;
  /** Steps of the whole training; 0 if not known. */
  readonly steps: number;
  /** Whether a corpus that it trains on is generated. */
  readonly synthetic: boolean;
  readonly loss: readonly CurvePoint[];
  /** Empty if the training does not validate. */
  readonly validation: readonly CurvePoint[];
}

/** A unit of a run, as the run folder shows it. */
export interface WatchedUnit {
  /** `general`, `ROW:SEED` or `gather`. */
  readonly id: string;
  /** Row and seed; absent for `gather`. */
  readonly row?: string;
  readonly seed?: number;
  readonly state: UnitState;
  /** Steps done and steps of the whole training. Absent before it begins, and for rows that train nothing. */
  readonly step?: number;
  readonly steps?: number;
  /** Id of the task that is measured at present. */
  readonly task?: string;
  /** Measurements of tasks: planned, done, and left by a run with other settings, which are checked when their turn comes. */
  readonly tasks: { readonly planned: number; readonly done: number; readonly unchecked: number };
  /** Image-text pairs per second of the training at present. Absent if nothing trains, or too little is known. */
  readonly pairsPerSecond?: number;
  /** Machine and process that work on it, and since when by that machine's clock. */
  readonly host?: string;
  readonly pid?: number;
  readonly since?: string;
  /** Seconds since the last sign of life of that process that was seen here. It gives one every ten seconds. */
  readonly silent?: number;
  /** Estimated seconds that it takes one process to finish it. Absent if nothing comparable was measured yet. */
  readonly secondsLeft?: number;
}

/** Something that failed, and why. */
export interface WatchedFailure {
  /** Id of the unit. */
  readonly unit: string;
  /** Id of the task that could not be measured; absent if the whole unit failed. */
  readonly task?: string;
  readonly why: string;
  readonly host?: string;
}

/** The table as it fills. */
export interface WatchedTable extends Omit<PlannedTable, 'corpora'> {
  /** Cells that are measured or have failed, without confusion matrices and curves of recall. */
  readonly cells: readonly ResultCell[];
  /** Paired tests and ranks; present when the run has ended. */
  readonly statistics?: RunStatistics;
}

/**
 * - `running`: a process works on it, or writes its table.
 * - `idle`: nobody works on it, and it is not finished.
 * - `ended`: the table holds every figure, or the reason why there is none.
 */
export type WatchedState = 'running' | 'idle' | 'ended';

/** A run at one moment, read from its folder alone. */
export interface WatchedRun {
  readonly schemaVersion: 1;
  /** Absolute path of the run folder. */
  readonly folder: string;
  /** When it was read, by the clock of this machine. */
  readonly time: string;
  readonly state: WatchedState;
  readonly command: string;
  readonly backend: string;
  readonly preset: string;
  readonly seeds: readonly number[];
  /** Title of the study, if the run belongs to one. */
  readonly study?: string;
  /** Whether any figure or curve is of generated data. */
  readonly synthetic: boolean;
  readonly units: readonly WatchedUnit[];
  readonly curves: readonly WatchedCurve[];
  readonly table: WatchedTable;
  readonly failures: readonly WatchedFailure[];
  /** Units done or failed, of all; figures that are there, failed, and planned. */
  readonly progress: {
    readonly units: { readonly settled: number; readonly all: number };
    readonly cells: { readonly done: number; readonly failed: number; readonly planned: number };
    /** Estimated seconds until all units are finished, with the processes of this moment, and how that was found. */
    readonly left?: { readonly seconds: number; readonly how: string };
  };
  /** Ids of launchers that have handed units to a scheduler; `medbench status` asks it. */
  readonly launchers: readonly string[];
  /** Sentences about what cannot be shown, and why. */
  readonly unknown: readonly string[];
}
