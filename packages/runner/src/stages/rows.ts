import type { Profile, TrainingRecord } from '@medbench/core';
import { inject } from 'inversify';
import type { PlanRow } from '../plan/rows.js';
import { Services } from '../services.js';
import { type RowModel, RowModels } from './row-models.js';
import { TrainingStage } from './training.js';

/** The model of a row, and the record of its training if it was trained. */
export interface OpenedRow {
  readonly model: RowModel;
  readonly record?: TrainingRecord;
}

/** Opens rows: trains a method first, or finds its weights in the run folder. */
export class RowStage {
  constructor(
    @Services.Profile private readonly profile: Profile,
    @inject(TrainingStage) private readonly training: TrainingStage,
    @inject(RowModels) private readonly models: RowModels,
  ) {}

  /** @throws MedbenchError as the training of the row, or as its data. */
  open(row: PlanRow, seed: number): Promise<OpenedRow> {
    return this.profile.row(row.id, () => this.#open(row, seed));
  }

  async #open(row: PlanRow, seed: number): Promise<OpenedRow> {
    if (row.kind === 'embeddings') return { model: await this.models.external(row) };
    if (row.kind === 'control') return { model: this.models.control(row, seed) };
    const trained = await this.training.trainRow(row, seed);
    return { model: this.models.trained(row, seed, trained), record: trained.record };
  }
}
