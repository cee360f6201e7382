import { setTimeout as delay } from 'node:timers/promises';
import { hashJson, type LockState, MedbenchError } from '@medbench/core';
import type { Registry } from '@medbench/core/services';
import { inject } from 'inversify';
import type { SkipLog } from '../data/skipped.js';
import type { Plan } from '../plan/plan.js';
import { Services } from '../services.js';
import { EvaluationStage } from '../stages/evaluation.js';
import { endsRun, interrupted } from '../stages/failures.js';
import { RowStage } from '../stages/rows.js';
import { TrainingStage } from '../stages/training.js';
import { GENERAL, type RunStore } from '../store/index.js';
import { type Unit, unitId } from './id.js';
import { recordError, type UnitOutcome } from './outcome.js';
import { listUnits, rowsThatTransfer } from './unit.js';
import type { LockedUnit, UnitFolder } from './unit-folder.js';
import { UnitStates } from './unit-states.js';

/** Milliseconds between two looks at units that other processes hold. */
const PATIENCE = 200;

/** Receives the progress of a worker. */
export interface WorkReport {
  /** A unit was found done, or had failed before. */
  settled(unit: Unit): void;
  taken(unit: Unit): void;
  finished(unit: Unit, outcome: UnitOutcome): void;
}

/** A unit that another process holds. */
export interface HeldUnit extends LockState {
  readonly unit: LockedUnit;
}

/**
 * Carries out the units of a run that no other process holds. Weights, figures and failures stay in the run folder, where
 * `Run` finds them.
 */
export class Work {
  #generalIsSettled = false;

  constructor(
    @Services.Plan private readonly plan: Plan,
    @Services.Registry private readonly registry: Registry,
    @Services.Store private readonly store: RunStore,
    @Services.Signal private readonly signal: AbortSignal,
    @Services.Units private readonly units: UnitFolder,
    @Services.SkipLog private readonly skipped: SkipLog,
    @inject(UnitStates) private readonly states: UnitStates,
    @inject(RowStage) private readonly rows: RowStage,
    @inject(TrainingStage) private readonly training: TrainingStage,
    @inject(EvaluationStage) private readonly evaluation: EvaluationStage,
  ) {}

  /**
   * Carries out one unit unless it is done, after waiting for a process that holds it. A unit that has failed is tried
   * again.
   * @returns undefined if it was done already.
   * @throws MedbenchError that ends the run; any other failure is the outcome.
   */
  async one(unit: LockedUnit, report: WorkReport): Promise<UnitOutcome | undefined> {
    this.#requireSettings();
    if (unit === GENERAL) {
      if (await this.states.isGeneralDone()) return undefined;
      this.units.forget(GENERAL);
      await this.#general();
      return this.units.failure(GENERAL) ?? { failures: {} };
    }
    const outcome = await this.units.whenFree(unit, async () => {
      if (await this.states.isDone(unit)) return undefined;
      this.units.forget(unit);
      return this.#carryOut(unit, report);
    });
    if (outcome) report.finished(unit, outcome);
    return outcome;
  }

  /**
   * Carries out one unit after the other, until none is left that is neither done nor failed nor held by a process that is
   * at work.
   * @returns the units that others hold.
   * @throws MedbenchError that ends the run; any other failure is part of an outcome.
   */
  async execute(report: WorkReport): Promise<HeldUnit[]> {
    const transfers = await rowsThatTransfer(this.plan, this.registry);
    const units = listUnits(this.plan);
    // Rows that can start at once come first: another process may be making the general-domain weights.
    const left = new Set([
      ...units.filter(({ row }) => !transfers.has(row)),
      ...units.filter(({ row }) => transfers.has(row)),
    ]);
    for (;;) {
      const held: HeldUnit[] = [];
      let worked = false;
      let general = true;
      if ([...left].some(({ row }) => transfers.has(row))) general = await this.#settleGeneral();
      for (const unit of left) {
        this.#stopIfAborted();
        if (this.units.failure(unit) || (await this.states.isDone(unit))) {
          left.delete(unit);
          report.settled(unit);
          continue;
        }
        if (transfers.has(unit.row) && !general) continue;
        this.#requireSettings();
        let outcome: UnitOutcome | undefined;
        const holder = await this.units.ifFree(unit, async () => {
          // Another process may have carried it out since.
          if (this.units.failure(unit) || (await this.states.isDone(unit))) return;
          outcome = await this.#carryOut(unit, report);
        });
        // Only now that it is free, so that whoever is told can take it.
        if (outcome) report.finished(unit, outcome);
        else if (!holder) report.settled(unit);
        if (holder) {
          held.push({ ...holder, unit });
          continue;
        }
        left.delete(unit);
        worked = true;
        break;
      }
      if (left.size === 0) return [];
      if (worked) continue;
      // A process of another machine may be gone: its unit is taken over when it has been silent for long enough.
      if (general && held.every(({ alive }) => alive)) return held;
      await delay(PATIENCE, undefined, { signal: this.signal }).catch(() => {});
    }
  }

  /**
   * Makes the general-domain weights, unless another process does. If that fails, each row that starts from them fails with
   * the reason.
   * @returns whether rows that start from them can be carried out.
   */
  async #settleGeneral(): Promise<boolean> {
    if (this.#generalIsSettled) return true;
    const settled =
      this.units.failure(GENERAL) !== undefined ||
      (await this.states.isGeneralDone()) ||
      (this.units.look(GENERAL).state !== 'held' && (await this.#general()));
    this.#generalIsSettled = settled;
    return settled;
  }

  async #general(): Promise<true> {
    try {
      await this.training.general();
    } catch (error) {
      this.#stopIfAborted();
      if (endsRun(error)) throw error;
    }
    return true;
  }

  /** Carries out a row and seed that this process holds. */
  async #carryOut(unit: Unit, report: WorkReport): Promise<UnitOutcome> {
    report.taken(unit);
    const outcome = await this.#measure(unit);
    this.units.record(unit, outcome, this.skipped.all());
    return outcome;
  }

  async #measure({ row: id, seed }: Unit): Promise<UnitOutcome> {
    const row = this.states.row(id);
    const cells = this.plan.cells.filter((cell) => cell.row === row && cell.seed === seed);
    try {
      const { model } = await this.rows.open(row, seed);
      const failures = await this.evaluation.measureRow(cells, model);
      return {
        failures: Object.fromEntries([...failures].map(([{ task }, error]) => [task.id, recordError(error)])),
      };
    } catch (error) {
      this.#stopIfAborted();
      if (endsRun(error)) throw error;
      for (const cell of cells) this.evaluation.fail(cell, error);
      return { error: recordError(error), failures: {} };
    }
  }

  /** @throws MedbenchError('store') if a run with other settings has begun in the folder. */
  #requireSettings(): void {
    const { layout } = this.store;
    const now = this.store.readJson<{ readonly config: unknown }>(layout.run)?.config;
    // Compared as JSON holds them, and without the defaults that the plan has added.
    if (now !== undefined && hashJson(now) === hashJson(JSON.parse(JSON.stringify(this.plan.config)))) return;
    throw new MedbenchError('store', `The settings of ${layout.folder} have changed since this process started`, {
      hint: `Another run has begun there. medbench work ${layout.folder} takes part in it.`,
    });
  }

  #stopIfAborted(): void {
    if (this.signal.aborted) throw interrupted();
  }
}

/** Finds the unit that an id names. */
export const findUnit = (plan: Plan, id: string): LockedUnit | undefined =>
  id === GENERAL ? GENERAL : listUnits(plan).find((unit) => unitId(unit) === id);
