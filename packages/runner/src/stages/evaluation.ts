import { existsSync, rmdirSync, rmSync } from 'node:fs';
import { errorMessage, type Profile, type ResultCell, readSealed, type TaskResult } from '@medbench/core';
import { entriesOfKind, findEntry } from '@medbench/core/catalogue';
import type { Registry } from '@medbench/core/services';
import { inject } from 'inversify';
import { bindProtocols } from '../bind.js';
import { pluginIdentity } from '../data/code.js';
import { type DataKey, TaskData } from '../data/task-data.js';
import type { RunObserver } from '../observer.js';
import type { Plan, PlannedCell } from '../plan/plan.js';
import { rowActivation, settingsSection } from '../plan/protocols.js';
import { ScoreTable } from '../scores/scores.js';
import { type ChosenBackend, Services } from '../services.js';
import { hashJson, hashParts, type RunStore, type StoredCell } from '../store/index.js';
import { type ErrorRecord, restoreError } from '../units/outcome.js';
import type { UnitFolder } from '../units/unit-folder.js';
import { checkMetrics } from './check-metrics.js';
import { endsRun, failedCells } from './failures.js';
import { GalleryStage } from './gallery.js';
import { LeakStage, type TaskLeaks } from './leaks.js';
import { makeCell } from './make-cell.js';
import type { RowModel } from './row-models.js';
import { judge, type Verdict } from './verdict.js';

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
    @Services.Units private readonly units: UnitFolder,
    @inject(TaskData) private readonly data: TaskData,
    @inject(LeakStage) private readonly leaks: LeakStage,
    @inject(GalleryStage) private readonly galleries: GalleryStage,
    @inject(ScoreTable) private readonly scores: ScoreTable,
  ) {}

  /**
   * Measures one row on its tasks. If a task fails, its cells hold the reason, and the next task is measured.
   * @param failures why another process could not measure tasks of this row, by task id: these are not tried again.
   * @throws every error that ends a run (see `endsRun`).
   */
  async evaluateRow(
    cells: readonly PlannedCell[],
    model: RowModel,
    failures: Readonly<Record<string, ErrorRecord>> = {},
  ): Promise<ResultCell[]> {
    const done: ResultCell[] = [];
    const evaluate = async (cell: PlannedCell): Promise<void> => {
      const failure = failures[cell.task.id];
      done.push(
        ...(failure
          ? failedCells(cell, restoreError(failure), this.registry.catalogue)
          : await this.#evaluate(cell, model)),
      );
    };
    await this.#forEachCell(cells, model, evaluate);
    return done;
  }

  /**
   * Measures one row on its tasks and leaves the figures in the run folder, for the process that writes the table.
   * @returns the cells that failed, each with its error.
   * @throws every error that ends a run (see `endsRun`).
   */
  async measureRow(cells: readonly PlannedCell[], model: RowModel): Promise<Map<PlannedCell, unknown>> {
    const failures = new Map<PlannedCell, unknown>();
    await this.#forEachCell(cells, model, async (cell) => {
      try {
        const { stored, reused } = await this.#lookUp(cell, model);
        const synthetic = stored.synthetic || model.synthetic;
        const finished = stored.results.map((result) => makeCell(cell, stored.seconds, result, synthetic, undefined));
        this.observer.cellFinished(finished, reused);
      } catch (error) {
        if (endsRun(error) || this.signal.aborted) throw error;
        this.fail(cell, error);
        failures.set(cell, error);
      }
    });
    return failures;
  }

  /** Visits the cells of a row, then frees its model. */
  async #forEachCell(
    cells: readonly PlannedCell[],
    model: RowModel,
    visit: (cell: PlannedCell) => Promise<void>,
  ): Promise<void> {
    try {
      for (const cell of cells) {
        this.signal.throwIfAborted();
        await this.profile.row(cell.row.id, () => visit(cell));
      }
    } finally {
      await model.dispose();
    }
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

  /** Returns the failed cells of a measurement, and reports them to the log and the observer. */
  fail(cell: PlannedCell, error: unknown): ResultCell[] {
    this.store.log({ failed: cell.row.id, task: cell.task.id, seed: cell.seed, error: errorMessage(error) });
    const failed = failedCells(cell, error, this.registry.catalogue);
    this.observer.cellFinished(failed, false);
    return failed;
  }

  /** Reads a cell from the run folder; if the folder has none under this key, measures it. */
  async #lookUp(cell: PlannedCell, model: RowModel): Promise<{ stored: StoredCell; reused: boolean }> {
    const data = await this.profile.span('opening data', () => this.data.key(cell.task, cell.seed));
    const parts = await this.#keyParts(cell, model, data);
    const key = hashJson(parts);
    const stored = this.store.readCell(cell.row.id, cell.task.id, cell.seed, key);
    if (stored) return { stored, reused: true };
    this.units.note({ row: cell.row.id, seed: cell.seed }, { task: cell.task.id });
    this.observer.evaluationStarted(cell.row.id, cell.task.id);
    return { stored: await this.#measure(cell, model, { key, madeOf: hashParts(parts) }, data), reused: false };
  }

  /** Says whether the cell in the run folder is what this run would measure. Measures nothing. */
  async verify(cell: PlannedCell, model: RowModel): Promise<Verdict> {
    const parts = await this.#keyParts(cell, model, await this.data.key(cell.task, cell.seed));
    return judge(readSealed<StoredCell>(this.store.layout.cell(cell.row.id, cell.task.id, cell.seed)), parts);
  }

  /** Returns everything that the figures of a cell depend on. The hash of it is the key of the cell. */
  async #keyParts(cell: PlannedCell, model: RowModel, { task, version, contents }: DataKey) {
    return {
      format: 5,
      settings: this.#evaluationSettings(cell),
      row: await model.key(cell),
      task: [task, version],
      protocols: cell.protocols.map((id) => pluginIdentity(findEntry(this.registry.catalogue, 'protocol', id))),
      data: contents,
      seed: cell.seed,
    };
  }

  /** Returns the evaluation settings that concern a cell, without those of joining protocols that do not measure it. */
  #evaluationSettings({ row, protocols }: PlannedCell): unknown {
    const { split, activation: _, activationOf: __, ...sections } = this.plan.config.evaluation;
    const activation = rowActivation(this.plan.config.evaluation, row);
    const otherSections = entriesOfKind(this.registry.catalogue, 'protocol')
      .filter(({ id, info }) => info.joins && !protocols.includes(id))
      .map(({ info }) => settingsSection(info));
    const ownSections = Object.entries(sections).filter(([section]) => !otherSections.includes(section));
    // Without settings at their defaults, cells keep the keys that they had before these settings existed.
    return {
      ...Object.fromEntries(ownSections),
      ...(split === 'test' ? {} : { split }),
      ...(activation === 'same' ? {} : { activation }),
    };
  }

  async #measure(
    cell: PlannedCell,
    row: RowModel,
    identity: Pick<StoredCell, 'key' | 'madeOf'>,
    data: DataKey,
  ): Promise<StoredCell> {
    const { model, protocols, notes } = await row.open(cell);
    const began = performance.now();
    const unfinished = this.store.layout.measurement(cell.row.id, cell.task.id, cell.seed);
    const task = await this.registry.get('task', cell.task.id);
    const context = {
      ...this.data.context(cell.task, cell.seed),
      protocols: await bindProtocols(this.registry, cell.task, protocols, this.plan.config.evaluation, {
        seed: cell.seed,
        backend: this.backend.backend,
        profile: this.profile,
        resume: { folder: unfinished, key: identity.key },
        signal: this.signal,
        event: (entry) => this.store.log({ row: cell.row.id, task: cell.task.id, seed: cell.seed, ...entry }),
      }),
    };
    // Protocols and embedding record their own phases within this one.
    const outcome = await this.profile.span('opening data', () => task.evaluate(model, context));
    checkMetrics(task, outcome.results);
    const stored: StoredCell = {
      schemaVersion: 1,
      ...identity,
      data: data.hash,
      method: cell.row.id,
      task: cell.task.id,
      seed: cell.seed,
      seconds: Math.round(performance.now() - began) / 1000,
      synthetic: outcome.synthetic,
      results: outcome.results.map((result) => withNotes(result, notes)),
    };
    this.store.writeCell(stored);
    this.#forget(unfinished);
    return stored;
  }

  /** Removes the state of a measurement that has ended, and the folder of all states with the last of them. */
  #forget(state: string): void {
    if (!existsSync(state)) return;
    rmSync(state, { recursive: true });
    try {
      rmdirSync(this.store.layout.measurements);
    } catch {
      // It holds other states, perhaps of another process.
    }
  }

  /**
   * Returns the cells of the table, one per protocol, and passes scores and answers on to the comparison and the
   * galleries.
   */
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
