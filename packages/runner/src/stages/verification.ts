import { readSealed } from '@medbench/core';
import { inject } from 'inversify';
import type { Plan } from '../plan/plan.js';
import type { PlanRow } from '../plan/rows.js';
import { Services } from '../services.js';
import type { RunStore } from '../store/index.js';
import { EvaluationStage } from './evaluation.js';
import { type RowModel, RowModels } from './row-models.js';
import { TrainingStage } from './training.js';
import type { Verdict } from './verdict.js';

/** The state of a kept file of a run, relative to the run folder. */
export interface VerifiedFile extends Verdict {
  readonly what: 'weights' | 'cell' | 'leaks';
  readonly file: string;
}

/**
 * Says of everything that a run folder keeps whether it follows from the data, the code and the settings that are there
 * now. It trains and measures nothing, and writes nothing into the folder.
 */
export class Verification {
  constructor(
    @Services.Plan private readonly plan: Plan,
    @Services.Store private readonly store: RunStore,
    @inject(TrainingStage) private readonly training: TrainingStage,
    @inject(EvaluationStage) private readonly evaluation: EvaluationStage,
    @inject(RowModels) private readonly models: RowModels,
  ) {}

  /** @throws MedbenchError if data or plugins of the run are not there. */
  async execute(): Promise<VerifiedFile[]> {
    const files: VerifiedFile[] = [];
    for (const seed of this.plan.config.seeds) {
      for (const row of this.plan.rows) files.push(...(await this.unit(row, seed)));
    }
    for (const { id } of this.plan.tasks) {
      const path = this.store.layout.leaks(id);
      if (readSealed(path).state !== 'damaged') continue;
      files.push({ what: 'leaks', file: this.#name(path), state: 'damaged', changed: [] });
    }
    return files;
  }

  /** As `execute`, for one row and seed. Its cells are those of the plan. */
  async unit(row: PlanRow, seed: number): Promise<VerifiedFile[]> {
    const files: VerifiedFile[] = [];
    const model = await this.#model(row, seed, files);
    for (const cell of this.plan.cells) {
      if (cell.row !== row || cell.seed !== seed) continue;
      const { state, changed } = await this.evaluation.verify(cell, model);
      const file = this.#name(this.store.layout.cell(row.id, cell.task.id, seed));
      files.push({ what: 'cell', file, state, changed });
    }
    return files;
  }

  async #model(row: PlanRow, seed: number, files: VerifiedFile[]): Promise<RowModel> {
    if (row.kind === 'embeddings') return this.models.external(row);
    if (row.kind === 'control') return this.models.control(row, seed);
    const { state, changed, trained } = await this.training.verifyRow(row, seed);
    files.push({ what: 'weights', file: this.#name(trained.weights), state, changed });
    return this.models.trained(row, seed, trained);
  }

  readonly #name = (path: string): string => this.store.layout.relative(path);
}
