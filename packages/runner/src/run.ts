/*
 * The life of a cell: how one cell of the results table comes to be. Paths of code are below packages/ or, without a
 * package, in this folder. Paths of data are in the run folder.
 *
 * 1. Configuration. `readConfig` (api/src/workspace.ts) finds the preset; `resolveConfig` (config/load.ts) merges
 *    defaults, preset, configuration file and flags, and checks them.
 * 2. Plan. `makePlan` (plan/plan.ts) crosses seeds, rows and tasks into `PlannedCell`s, each with the protocols that
 *    apply.
 * 3. Run folder. `carryOut` (api/src/carry-out.ts) locks the folder (`RunStore.open`, store/store.ts), chooses the
 *    backend (backend.ts) and binds all stages (`composeRun`, compose.ts). `Run.begin` below writes run.json; `Run.gather`
 *    takes row after row for each seed. Each row and seed is a unit with a lock of its own (`UnitFolder`,
 *    units/unit-folder.ts). Other processes may carry out steps 4 to 7 for whole units (`Work`, units/work.ts), started by
 *    a launcher or by `medbench work`, on any machine that sees the folder; `Run.gather` waits for each, and then finds
 *    their files. A unit is done when its files are there under the right keys (`UnitStates`, units/unit-states.ts).
 * 4. Corpora. `Corpora.openForSeed` (data/corpora.ts) opens and mixes the corpora, once per seed of a run.
 * 5. Training. `TrainingStage.trainRow` (stages/training.ts) composes the method (plan/resolve.ts), gets the
 *    general-domain weights if the method starts from them, and calls `train` (training/src/loop/trainer.ts). The two
 *    write weights.safetensors and training.json into checkpoints/<row>/seed-<n>/. Their key hashes the versions of
 *    method and objectives, the settings of row and training, the general-domain weights, the seed, the corpus, the
 *    towers and the backend. Controls, and embeddings that another tool made, skip this step.
 * 6. Model. `RowModels` (stages/row-models.ts) makes an `EvaluationModel` of the weights, the control or the
 *    embeddings. The arrays of a trained row are cached in embeddings/<row>/seed-<n>/<task>/ under a key of weights
 *    and data (`keepEmbeddings`, evaluation/src/embeddings/keep.ts); the weights are loaded only if an array is
 *    missing.
 * 7. Measurement. `EvaluationStage` (stages/evaluation.ts) looks up cells/<row>/<task>/seed-<n>.json. Its key hashes
 *    the row's key, task version and data (`TaskData.key`, data/task-data.ts), protocols and their settings, and the
 *    seed. On a cache miss `Task.evaluate` of the task's plugin opens the data and runs the protocols (`measureAll`,
 *    core/src/protocols.ts), `checkMetrics` refuses figures that are not finite, and the cell is written.
 * 8. Table. `LeakStage.find` (stages/leaks.ts) adds the leaks of the task, cached in leaks/<task>.json under a key of
 *    data and corpus. Each protocol gives one `ResultCell`. After each row `Results.write` (results.ts) replaces
 *    results.json.
 * 9. Statistics. After the last row `GalleryStage` (stages/gallery.ts) writes gallery/<task>.json, and
 *    `ComparisonStage` (stages/comparison.ts) tests all pairs of methods, and methods against controls, on their
 *    per-example scores (`compareRows`, evaluation/src/statistics/compare-rows.ts), writes comparisons.json and adds
 *    the statistics to results.json.
 * 10. Report. `carryOutBenchmark` (api/src/benchmark.ts) calls `writeReport` (report/src/write.ts), which reads these
 *     files.
 *
 * Failure. If the training of a row fails, all cells of this row and seed become failed cells that state the reason.
 * If its model, a task's data or a protocol fails, only the cells of this row, seed and task do. The run then
 * continues. A corpus or general-domain training that failed is not tried again in the same run. Failed leak searches
 * and galleries are only logged. Failed cells are in results.json, never in cells/, so the next run measures them
 * again. Until then .units has them, for other processes of this run. Only the errors of `endsRun` (stages/failures.ts)
 * end a run.
 *
 * Resume. The same command on the same folder repeats all steps. Each step reuses its file if the key matches, else
 * replaces it. `train` continues from resume.safetensors, which it writes every `training.checkpointEvery` steps and
 * on an interruption, and ends with the same weights as an undisturbed training.
 */

import type { Profile, RunResults } from '@medbench/core';
import type { Registry } from '@medbench/core/services';
import { inject } from 'inversify';
import type { SkipLog } from './data/skipped.js';
import type { Plan } from './plan/plan.js';
import type { PlanRow } from './plan/rows.js';
import { Results, type RunHome } from './results.js';
import { Services } from './services.js';
import { ComparisonStage } from './stages/comparison.js';
import { EvaluationStage } from './stages/evaluation.js';
import { endsRun, failedCells, interrupted } from './stages/failures.js';
import { GalleryStage } from './stages/gallery.js';
import { RowStage } from './stages/rows.js';
import { GENERAL } from './store/index.js';
import {
  listUnits,
  recordError,
  restoreError,
  type UnitFolder,
  type UnitOutcome,
  type Workers,
} from './units/index.js';

/** Executes a plan. */
export class Run {
  constructor(
    @Services.Plan private readonly plan: Plan,
    @Services.Profile private readonly profile: Profile,
    @Services.Signal private readonly signal: AbortSignal,
    @Services.SkipLog private readonly skipped: SkipLog,
    @Services.Registry private readonly registry: Registry,
    @Services.Workers private readonly workers: Workers,
    @Services.Units private readonly units: UnitFolder,
    @inject(RowStage) private readonly rows: RowStage,
    @inject(EvaluationStage) private readonly evaluation: EvaluationStage,
    @inject(GalleryStage) private readonly galleries: GalleryStage,
    @inject(ComparisonStage) private readonly comparison: ComparisonStage,
    @inject(Results) private readonly results: Results,
  ) {}

  /** Begins and gathers: the whole run in this process. */
  async execute(command: string): Promise<RunResults> {
    this.begin(command);
    return this.gather(command);
  }

  /**
   * Writes `run.json`, with which other processes can take part, and forgets the failures of earlier runs, so that their
   * units are tried again.
   * @param command the command that repeats the run.
   */
  begin(command: string, home?: RunHome): void {
    this.results.writeRun(command, home);
    for (const unit of [GENERAL, ...listUnits(this.plan)] as const) this.units.forget(unit);
  }

  /**
   * Trains each row for each seed and measures it on each task, then compares the rows. It reuses everything that the
   * run folder already holds, waits for the units that other processes hold, and carries out those that are left.
   * `results.json` is written after each row, so that an interrupted run leaves a table.
   * @param command the command that repeats the run.
   * @throws MedbenchError('store'), ('interrupted') or ('usage'); any other failure is recorded in the cells.
   */
  async gather(command: string): Promise<RunResults> {
    for (const seed of this.plan.config.seeds) {
      for (const row of this.plan.rows) {
        const outcome = await this.workers.finished(row.id, seed);
        if (this.signal.aborted) throw interrupted();
        await this.#finish(row, seed, outcome);
        this.results.write(command);
        this.skipped.flush();
      }
    }
    await this.profile.span('galleries', () => this.galleries.write());
    return this.results.write(command, this.comparison.compare());
  }

  /** Adds a row and seed to the table. Carries the unit out if no other process has. */
  async #finish(row: PlanRow, seed: number, outcome: UnitOutcome | undefined): Promise<void> {
    const unit = { row: row.id, seed };
    await this.units.whenFree(unit, async () => {
      const known = outcome ?? this.units.failure(unit);
      const own = await this.#row(row, seed, known);
      if (!known) this.units.record(unit, own);
    });
    for (const [data, skipped] of Object.entries(this.units.skips(unit))) {
      for (const what of skipped) this.skipped.recorderFor(data)(what);
    }
  }

  /** @returns the outcome, if this process has carried it out. */
  async #row(row: PlanRow, seed: number, outcome: UnitOutcome | undefined): Promise<UnitOutcome> {
    const cells = this.plan.cells.filter((cell) => cell.row === row && cell.seed === seed);
    const { catalogue } = this.registry;
    if (outcome?.error) {
      const error = restoreError(outcome.error);
      this.results.cells.push(...cells.flatMap((cell) => failedCells(cell, error, catalogue)));
      return outcome;
    }
    try {
      const { model, record } = await this.rows.open(row, seed);
      if (record) this.results.training.push(record);
      const measured = await this.evaluation.evaluateRow(cells, model, outcome?.failures);
      this.results.cells.push(...measured);
      const failed = measured.filter(({ status }) => status === 'failed');
      return { failures: Object.fromEntries(failed.map(({ task, error = '' }) => [task, { message: error }])) };
    } catch (error) {
      if (this.signal.aborted) throw interrupted();
      if (endsRun(error)) throw error;
      for (const cell of cells) this.results.cells.push(...this.evaluation.fail(cell, error));
      return { error: recordError(error), failures: {} };
    }
  }
}
