import { errorMessage, type Profile, type ResultCell, type TaskResult } from '@medbench/core';
import { entriesOfKind } from '@medbench/core/catalogue';
import type { Registry } from '@medbench/core/services';
import { inject } from 'inversify';
import { bindProtocols } from '../bind.js';
import { type DataKey, TaskData } from '../data/task-data.js';
import type { RunObserver } from '../observer.js';
import type { Plan, PlannedCell } from '../plan/plan.js';
import { settingsSection } from '../plan/protocols.js';
import { ScoreTable } from '../scores/scores.js';
import { type ChosenBackend, Services } from '../services.js';
import { hashJson, type RunStore, type StoredCell } from '../store/index.js';
import { checkMetrics } from './check-metrics.js';
import { endsRun, failedCells } from './failures.js';
import { GalleryStage } from './gallery.js';
import { LeakStage, type TaskLeaks } from './leaks.js';
import type { RowModel } from './row-models.js';

/** Measures rows on tasks, cell by cell. */
export class EvaluationStage {
  constructor(
    @Services.Plan private readonly plan: Plan,
    @Services.Registry private readonly registry: Registry,
    @Services.Store private readonly store: RunStore,
    @Services.Backend private readonly backend: ChosenBackend,
    @Services.Observer private readonly observer: RunObserver,
    @Services.Profile private readonly profile: Profile,
    @Services.Signal private readonly signal: AbortSignal,
    @inject(TaskData) private readonly data: TaskData,
    @inject(LeakStage) private readonly leaks: LeakStage,
    @inject(GalleryStage) private readonly galleries: GalleryStage,
    @inject(ScoreTable) private readonly scores: ScoreTable,
  ) {}

  /**
   * Measures one row on its tasks. A task that fails leaves its reason in its cells, and the others go on.
   * @throws whatever ends a run (see `endsRun`).
   */
  async evaluateRow(cells: readonly PlannedCell[], model: RowModel): Promise<ResultCell[]> {
    const done: ResultCell[] = [];
    try {
      for (const cell of cells) {
        this.signal.throwIfAborted();
        done.push(...(await this.#evaluate(cell, model)));
      }
    } finally {
      await model.dispose();
    }
    return done;
  }

  async #evaluate(cell: PlannedCell, model: RowModel): Promise<ResultCell[]> {
    try {
      const { stored, reused } = await this.#lookUp(cell, model);
      const leaks = await this.leaks.find(cell.task);
      const finished = this.#collect(cell, stored, stored.synthetic || model.synthetic, leaks);
      this.observer.cellFinished(finished, reused);
      return finished;
    } catch (error) {
      if (endsRun(error) || this.signal.aborted) throw error;
      return this.fail(cell, error);
    }
  }

  /** The failed cells of what could not be measured, told to the log and the observer. */
  fail(cell: PlannedCell, error: unknown): ResultCell[] {
    this.store.log({ failed: cell.row.id, task: cell.task.id, seed: cell.seed, error: errorMessage(error) });
    const failed = failedCells(cell, error, this.registry.catalogue);
    this.observer.cellFinished(failed, false);
    return failed;
  }

  /** A cell from the run folder; if it is not there under its key, it is measured. */
  async #lookUp(cell: PlannedCell, model: RowModel): Promise<{ stored: StoredCell; reused: boolean }> {
    const data = await this.profile.span('opening data', () => this.data.key(cell.task, cell.seed));
    const key = await this.#cacheKey(cell, model, data);
    const stored = this.store.readCell(cell.row.id, cell.task.id, cell.seed, key);
    if (stored) return { stored, reused: true };
    this.observer.evaluationStarted(cell.row.id, cell.task.id);
    return { stored: await this.#measure(cell, model, key, data), reused: false };
  }

  /** A cell's key: the row, the task, the data, the seed and everything that the weights depend on. */
  async #cacheKey(cell: PlannedCell, model: RowModel, { task, version, contents }: DataKey): Promise<string> {
    return hashJson({
      format: 4,
      evaluation: this.#evaluationSettings(cell),
      row: await model.key(cell),
      task,
      version,
      protocols: cell.protocols,
      ...contents,
      seed: cell.seed,
    });
  }

  /** How a cell is measured: protocols that join tasks say something only where they are among the cell's. */
  #evaluationSettings({ protocols }: PlannedCell): unknown {
    const { split, ...sections } = this.plan.config.evaluation;
    const otherSections = entriesOfKind(this.registry.catalogue, 'protocol')
      .filter(({ id, info }) => info.joins && !protocols.includes(id))
      .map(({ info }) => settingsSection(info));
    const ownSections = Object.entries(sections).filter(([section]) => !otherSections.includes(section));
    // Keys of what is measured on the test split are those from before there was a choice.
    return { ...Object.fromEntries(ownSections), ...(split === 'test' ? {} : { split }) };
  }

  async #measure(cell: PlannedCell, row: RowModel, key: string, data: DataKey): Promise<StoredCell> {
    const { model, protocols, notes } = await row.open(cell);
    const began = performance.now();
    const task = await this.registry.get('task', cell.task.id);
    const context = {
      ...this.data.context(cell.task, cell.seed),
      protocols: await bindProtocols(this.registry, cell.task, protocols, this.plan.config.evaluation, {
        seed: cell.seed,
        backend: this.backend.backend,
        profile: this.profile,
      }),
    };
    // The protocols and what they embed have phases of their own.
    const outcome = await this.profile.span('opening data', () => task.evaluate(model, context));
    checkMetrics(task, outcome.results);
    const stored: StoredCell = {
      schemaVersion: 1,
      key,
      data: data.hash,
      method: cell.row.id,
      task: cell.task.id,
      seed: cell.seed,
      seconds: Math.round(performance.now() - began) / 1000,
      synthetic: outcome.synthetic,
      results: outcome.results.map((result) => withNotes(result, notes)),
    };
    this.store.writeCell(stored);
    return stored;
  }

  /** The cells of the table, one for each protocol; scores and answers go to the comparison and the galleries. */
  #collect(cell: PlannedCell, stored: StoredCell, synthetic: boolean, leaks: TaskLeaks | undefined): ResultCell[] {
    const { row, task, seed } = cell;
    const origin = { row: row.id, control: row.kind === 'control', task: task.id, seed };
    return stored.results.map((result) => {
      this.scores.add(origin, result);
      this.galleries.add(cell, result);
      return makeCell(cell, stored.seconds, withNotes(result, leaks?.notes ?? []), synthetic, leaks);
    });
  }
}

const withNotes = (result: TaskResult, notes: readonly string[]): TaskResult =>
  notes.length === 0 ? result : { ...result, notes: [...(result.notes ?? []), ...notes] };

const makeCell = (
  { row, task, seed }: PlannedCell,
  seconds: number,
  result: TaskResult,
  synthetic: boolean,
  leaks: TaskLeaks | undefined,
): ResultCell => {
  const primary = result.metrics[result.metric];
  return {
    method: row.id,
    control: row.kind === 'control',
    task: task.id,
    protocol: result.protocol,
    seed,
    metric: result.metric,
    value: primary?.value ?? null,
    ci95: primary?.ci95 ?? null,
    n: result.n,
    metrics: result.metrics,
    seconds,
    status: 'ok',
    synthetic,
    ...(result.classification ? { classification: result.classification } : {}),
    ...(result.retrieval ? { retrieval: result.retrieval } : {}),
    // A search for leaks that found none is told by an empty list.
    ...(result.notes || leaks ? { notes: result.notes ?? [] } : {}),
    ...(leaks ? { leaks: leaks.counts } : {}),
  };
};
