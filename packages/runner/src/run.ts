import type { Profile, RunResults } from '@medbench/core';
import { inject } from 'inversify';
import type { SkipLog } from './data/skipped.js';
import type { Plan, PlannedCell, PlanRow } from './plan/plan.js';
import { Results } from './results.js';
import { Services } from './services.js';
import { ComparisonStage } from './stages/comparison.js';
import { EvaluationStage } from './stages/evaluation.js';
import { endsRun, interrupted } from './stages/failures.js';
import { GalleryStage } from './stages/gallery.js';
import { type RowModel, RowModels } from './stages/row-models.js';
import { TrainingStage } from './stages/training.js';

/** A plan being carried out. */
export class Run {
  constructor(
    @Services.Plan private readonly plan: Plan,
    @Services.Profile private readonly profile: Profile,
    @Services.Signal private readonly signal: AbortSignal,
    @Services.SkipLog private readonly skipped: SkipLog,
    @inject(TrainingStage) private readonly training: TrainingStage,
    @inject(RowModels) private readonly models: RowModels,
    @inject(EvaluationStage) private readonly evaluation: EvaluationStage,
    @inject(GalleryStage) private readonly galleries: GalleryStage,
    @inject(ComparisonStage) private readonly comparison: ComparisonStage,
    @inject(Results) private readonly results: Results,
  ) {}

  /**
   * For every seed and row: train, then measure on every task; at the end compare the rows. It resumes from whatever the
   * run folder already holds. `results.json` is written again after each row, so a run that is stopped leaves a table.
   * @param command what repeats the run.
   * @throws MedbenchError('store') or ('interrupted'); anything else that fails is recorded in its cells.
   */
  async execute(command: string): Promise<RunResults> {
    this.results.writeRun(command);
    for (const seed of this.plan.config.seeds) {
      for (const row of this.plan.rows) {
        if (this.signal.aborted) throw interrupted();
        await this.profile.row(row.id, () => this.#row(row, seed));
        this.results.write(command);
        this.skipped.flush();
      }
    }
    await this.profile.span('galleries', () => this.galleries.write());
    return this.results.write(command, this.comparison.compare());
  }

  async #row(row: PlanRow, seed: number): Promise<void> {
    const cells = this.plan.cells.filter((cell) => cell.row === row && cell.seed === seed);
    try {
      this.results.cells.push(...(await this.evaluation.evaluateRow(cells, await this.#model(row, seed))));
    } catch (error) {
      if (this.signal.aborted) throw interrupted();
      if (endsRun(error)) throw error;
      this.#fail(cells, error);
    }
  }

  /** Where the row's vectors come from; a method is trained for it. */
  async #model(row: PlanRow, seed: number): Promise<RowModel> {
    if (row.kind === 'embeddings') return this.models.external(row);
    if (row.kind === 'control') return this.models.control(row, seed);
    const trained = await this.training.trainRow(row, seed);
    this.results.training.push(trained.record);
    return this.models.trained(row, seed, trained);
  }

  #fail(cells: readonly PlannedCell[], error: unknown): void {
    for (const cell of cells) this.results.cells.push(...this.evaluation.fail(cell, error));
  }
}
