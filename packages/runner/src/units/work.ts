import { setTimeout as delay } from 'node:timers/promises';
import type { Registry } from '@medbench/core/services';
import { inject } from 'inversify';
import type { SkipLog } from '../data/skipped.js';
import type { Plan } from '../plan/plan.js';
import { resolveMethod } from '../plan/resolve.js';
import type { PlanRow } from '../plan/rows.js';
import { Services } from '../services.js';
import { EvaluationStage } from '../stages/evaluation.js';
import { endsRun, interrupted } from '../stages/failures.js';
import { RowStage } from '../stages/rows.js';
import { TrainingStage } from '../stages/training.js';
import { GENERAL, type RunStore } from '../store/index.js';
import { Claims } from './claims.js';
import { recordError, type UnitOutcome } from './outcome.js';
import { listUnits, type Unit, unitId } from './unit.js';

/** Claim that says: nobody works on the general-domain weights any more. */
export const GENERAL_DONE = `${GENERAL} done`;
/** Milliseconds between two looks whether the general-domain weights are there. */
const PATIENCE = 50;

/** Receives the progress of a worker. */
export interface WorkReport {
  taken(unit: Unit): void;
  finished(unit: Unit, outcome: UnitOutcome): void;
}

/**
 * Carries out the units of a run that no other process has claimed. Weights and figures stay in the run folder, where
 * `Run` finds them.
 */
export class Work {
  constructor(
    @Services.Plan private readonly plan: Plan,
    @Services.Registry private readonly registry: Registry,
    @Services.Store private readonly store: RunStore,
    @Services.Signal private readonly signal: AbortSignal,
    @Services.SkipLog private readonly skipped: SkipLog,
    @inject(RowStage) private readonly rows: RowStage,
    @inject(TrainingStage) private readonly training: TrainingStage,
    @inject(EvaluationStage) private readonly evaluation: EvaluationStage,
  ) {}

  /** @throws MedbenchError that ends the run; any other failure is part of an outcome. */
  async execute(report: WorkReport): Promise<void> {
    const claims = new Claims(this.store.layout.claims);
    const transfers = await this.#rowsThatTransfer();
    const rows = listUnits(this.plan).map((unit) => [unit, this.#row(unit)] as const);
    // Rows that can start at once come first: another process may be making the general-domain weights.
    const early = rows.filter(([, row]) => !transfers.has(row));
    const waiting = new Map([...early, ...rows.filter(([, row]) => transfers.has(row))]);
    if (transfers.size > 0 && claims.take(GENERAL)) await this.#general(claims);
    while (waiting.size > 0) {
      this.#stopIfAborted();
      const ready = [...waiting].find(([, row]) => !transfers.has(row) || claims.has(GENERAL_DONE));
      if (!ready) {
        await delay(PATIENCE);
        continue;
      }
      const [unit, row] = ready;
      waiting.delete(unit);
      if (!claims.take(unitId(unit))) continue;
      report.taken(unit);
      report.finished(unit, await this.#carryOut(row, unit.seed));
      this.skipped.flush();
    }
  }

  #row({ row: id }: Unit): PlanRow {
    return this.plan.rows.find((row) => row.id === id)!;
  }

  /** Returns the rows that start from the general-domain weights. A method that does not load fails later, as a row. */
  async #rowsThatTransfer(): Promise<Set<PlanRow>> {
    const rows = new Set<PlanRow>();
    for (const row of this.plan.rows) {
      if (row.kind !== 'method') continue;
      const resolved = await resolveMethod(this.registry, row.entry, row.settings).catch(() => undefined);
      if (resolved?.method.start === 'general') rows.add(row);
    }
    return rows;
  }

  /** Makes the general-domain weights. If that fails, each row that starts from them fails with the reason. */
  async #general(claims: Claims): Promise<void> {
    try {
      await this.training.general();
    } catch (error) {
      this.#stopIfAborted();
      if (endsRun(error)) throw error;
    } finally {
      claims.take(GENERAL_DONE);
    }
  }

  async #carryOut(row: PlanRow, seed: number): Promise<UnitOutcome> {
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

  #stopIfAborted(): void {
    if (this.signal.aborted) throw interrupted();
  }
}
