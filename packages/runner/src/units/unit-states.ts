import { existsSync } from 'node:fs';
import { type LockNote, type RunResults, readSealed, type SeenLock } from '@medbench/core';
import type { Registry } from '@medbench/core/services';
import { inject } from 'inversify';
import { flatSettings } from '../config/flat.js';
import type { Plan } from '../plan/plan.js';
import type { PlanRow } from '../plan/rows.js';
import { Services } from '../services.js';
import { endsRun } from '../stages/failures.js';
import { TrainingStage } from '../stages/training.js';
import { Verification } from '../stages/verification.js';
import { GENERAL, hashJson, type RunStore, type StoredCell } from '../store/index.js';
import { GATHER, type Unit, unitId } from './id.js';
import { listUnits, rowsThatTransfer } from './unit.js';
import type { UnitFailure, UnitFolder } from './unit-folder.js';

/** State of a unit. `waiting`: nobody works on it, and it is neither done nor failed. */
export type UnitState = 'done' | 'working' | 'waiting' | 'failed';

/** A unit of a run, and what is known of it. */
export interface UnitStatus {
  readonly id: string;
  readonly state: UnitState;
  /** Ids of the units that come before it. */
  readonly needs: readonly string[];
  /** Machine and process that work on it, and since when by that machine's clock. */
  readonly host?: string;
  readonly pid?: number;
  readonly since?: string;
  /** Last word of that process: `step` of `steps`, or the `task` that it measures. */
  readonly progress?: LockNote;
  /** Why it failed. */
  readonly why?: string;
}

/** Says how far the units of a run are. It trains and measures nothing, but opens data to find out the keys of files. */
export class UnitStates {
  constructor(
    @Services.Plan private readonly plan: Plan,
    @Services.Registry private readonly registry: Registry,
    @Services.Store private readonly store: RunStore,
    @Services.Units private readonly units: UnitFolder,
    @inject(TrainingStage) private readonly training: TrainingStage,
    @inject(Verification) private readonly verification: Verification,
  ) {}

  /** Whether the files of a row and seed are there, under the keys that this plan gives them. */
  async isDone({ row: id, seed }: Unit): Promise<boolean> {
    const row = this.row(id);
    const cells = this.plan.cells.filter((cell) => cell.row === row && cell.seed === seed);
    // Cheap, and mostly enough to say no.
    if (!cells.every(({ task }) => existsSync(this.store.layout.cell(id, task.id, seed)))) return false;
    return unlessData(async () => (await this.verification.unit(row, seed)).every(({ state }) => state === 'current'));
  }

  /** Whether the general-domain weights are there. */
  isGeneralDone(): Promise<boolean> {
    return unlessData(async () => (await this.training.verifyGeneral()).state === 'current');
  }

  /** Returns a row of the plan. */
  row(id: string): PlanRow {
    return this.plan.rows.find((row) => row.id === id)!;
  }

  /** Describes all units, in an order in which they can be carried out. */
  async list(): Promise<UnitStatus[]> {
    const transfers = await rowsThatTransfer(this.plan, this.registry);
    const listed: UnitStatus[] = [];
    if (transfers.size > 0) {
      const [lock, failure] = [this.units.look(GENERAL), this.units.failure(GENERAL)];
      listed.push(describe(GENERAL, [], lock, failure, await this.isGeneralDone()));
    }
    for (const unit of listUnits(this.plan)) {
      const needs = transfers.has(unit.row) ? [GENERAL] : [];
      const [lock, failure] = [this.units.look(unit), this.units.failure(unit)];
      listed.push(describe(unitId(unit), needs, lock, failure, await this.isDone(unit)));
    }
    const rest = listed.map(({ id }) => id);
    const gathered = listed.every(({ state }) => state === 'done' || state === 'failed') && this.isGathered();
    listed.push(describe(GATHER, rest, this.units.lookAtTable(), undefined, gathered));
    return listed;
  }

  /** Whether `results.json` is the table of a finished run, with these settings, of what the run folder holds. */
  isGathered(): boolean {
    const { layout } = this.store;
    const results = readSealed<RunResults>(layout.results);
    if (results.state !== 'intact' || !results.value.statistics) return false;
    const { run, cells } = results.value;
    if (hashJson(run.settings) !== hashJson(flatSettings(this.plan.config))) return false;
    return this.plan.cells.every(({ row, task, seed }) => {
      const shown = cells.filter((cell) => cell.method === row.id && cell.task === task.id && cell.seed === seed);
      const stored = readSealed<StoredCell>(layout.cell(row.id, task.id, seed));
      const failure = this.units.failure({ row: row.id, seed });
      if (failure?.error || failure?.failures[task.id]) return shown.every(({ status }) => status === 'failed');
      if (stored.state !== 'intact') return false;
      return (
        shown.length > 0 &&
        shown.every(({ status, protocol, metrics }) => {
          const result = stored.value.results.find((one) => one.protocol === protocol);
          return status === 'ok' && result !== undefined && hashJson(result.metrics) === hashJson(metrics);
        })
      );
    });
  }
}

function describe(
  id: string,
  needs: readonly string[],
  { state, holder, note }: SeenLock,
  failure: UnitFailure | undefined,
  done: boolean,
): UnitStatus {
  if (state === 'held' && holder) {
    const { host, pid, since } = holder;
    return { id, state: 'working', needs, host, pid, ...(since === undefined ? {} : { since }), progress: note };
  }
  if (failure) {
    const first = failure.error ?? Object.values(failure.failures)[0]!;
    const why = first.hint === undefined ? first.message : `${first.message}. ${first.hint}`;
    return { id, state: 'failed', needs, host: failure.host, why };
  }
  return { id, state: done ? 'done' : 'waiting', needs };
}

/** Returns false if data are missing or faulty: then nothing is done that needs them. */
async function unlessData(check: () => Promise<boolean>): Promise<boolean> {
  try {
    return await check();
  } catch (error) {
    if (endsRun(error)) throw error;
    return false;
  }
}
