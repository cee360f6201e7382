import {
  type EmbeddingFiles,
  type EmbeddingsFolder,
  type EvaluationModel,
  ensurePrivateFolder,
  isRestricted,
  type LoadedModel,
  MedbenchError,
  type ModelRequest,
  type Pretraining,
  type ProtocolId,
} from '@medbench/core';
import type { Registry } from '@medbench/core/services';
import { inject } from 'inversify';
import { pluginIdentity } from '../data/code.js';
import { dataKeyFields, TaskData } from '../data/task-data.js';
import type { Plan, PlannedCell } from '../plan/plan.js';
import { resolveMethod } from '../plan/resolve.js';
import type { PlanRow } from '../plan/rows.js';
import { Services } from '../services.js';
import { hashJson, type RunStore } from '../store/index.js';
import { Towers } from './towers.js';
import type { ExpectedRow } from './training.js';

/** The model of a row, opened for one task. */
export interface OpenedModel {
  readonly model: EvaluationModel;
  /** Those protocols of the cell for which the model has all embeddings. */
  readonly protocols: readonly ProtocolId[];
  /** Notes to add to each result, for readers of the table. */
  readonly notes: readonly string[];
}

/** The source of a row's embeddings. Nothing is loaded before it is needed. */
export interface RowModel {
  /** Whether any of its training data is generated. */
  readonly synthetic: boolean;
  /** Returns everything that its embeddings for a cell depend on. */
  key(cell: PlannedCell): Promise<unknown>;
  open(cell: PlannedCell): Promise<OpenedModel>;
  dispose(): Promise<void>;
}

/** Creates the models of rows. */
export class RowModels {
  constructor(
    @Services.Plan private readonly plan: Plan,
    @Services.Registry private readonly registry: Registry,
    @Services.Store private readonly store: RunStore,
    @Services.Pretraining private readonly pretraining: Pretraining,
    @Services.Embeddings private readonly embeddings: EmbeddingFiles,
    @inject(Towers) private readonly towers: Towers,
    @inject(TaskData) private readonly data: TaskData,
  ) {}

  /** The trained towers of a method. They cache their embeddings in the run folder, if `keepEmbeddings` is set. */
  trained(row: PlanRow, seed: number, trained: ExpectedRow): RowModel {
    const activation = this.towers.evaluationActivation(row);
    const load = lazy(async () => {
      const request = { ...(await this.towers.evaluationRequest(row)), ...(await this.#ownTowers(row)) };
      return this.pretraining.load(request, { file: trained.weights });
    });
    return {
      synthetic: trained.synthetic,
      key: async () => trained.key,
      open: async ({ task, protocols }) => ({
        model:
          this.plan.config.keepEmbeddings && (await this.#prepareFolder(row, seed, task))
            ? await this.embeddings.keep(
                this.store.layout.embedding(row.id, seed, task.id),
                {
                  key: hashJson({
                    format: 2,
                    row: trained.key,
                    // Absent if it is that of the training, so that embeddings keep the keys that they had before.
                    ...(activation === 'same' ? {} : { activation }),
                    ...dataKeyFields(await this.data.key(task, seed)),
                  }),
                  model: row.id,
                  task: task.id,
                  damaged: (file) => this.store.warnOfDamage(file),
                },
                load.value,
              )
            : await load.value(),
        protocols,
        notes: this.towers.activationNotes(row),
      }),
      dispose: async () => (await load.existing())?.dispose(),
    };
  }

  /** Makes the folder of embeddings private if those of the task must not be passed on. @returns true. */
  async #prepareFolder(row: PlanRow, seed: number, { id, info }: PlannedCell['task']): Promise<true> {
    if (isRestricted(info.access)) await ensurePrivateFolder(this.store.layout.embedding(row.id, seed, id));
    return true;
  }

  /** The towers of a row, if it has a method. */
  async #ownTowers(row: PlanRow): Promise<Pick<ModelRequest, 'towers'>> {
    if (row.kind !== 'method') return {};
    const { method } = await resolveMethod(this.registry, row.entry, row.settings);
    return { towers: (model) => method.towers(model, row.settings) };
  }

  /** The model of a control, which is not trained. */
  control(row: PlanRow & { kind: 'control' }, seed: number): RowModel {
    const untrained: LoadedModel[] = [];
    const model = lazy(async () => {
      const request = await this.towers.evaluationRequest(row);
      const control = await this.registry.get('control', row.id);
      return control.model({
        seed,
        untrained: async () => {
          const loaded = await this.pretraining.load(request, { untrainedSeed: seed });
          untrained.push(loaded);
          return loaded;
        },
      });
    });
    return {
      synthetic: false,
      key: async () => ({ control: pluginIdentity(row.entry), model: await this.towers.key() }),
      open: async ({ protocols }) => ({ model: await model.value(), protocols, notes: [] }),
      dispose: async () => {
        for (const loaded of untrained) await loaded.dispose();
      },
    };
  }

  /** Embeddings that another tool made. @throws MedbenchError('usage') if their folder does not exist. */
  async external(row: PlanRow & { kind: 'embeddings' }): Promise<RowModel> {
    const folder = await this.embeddings.open(row.folder);
    return {
      synthetic: false,
      key: async ({ task }) => ({ embeddings: await folder.fingerprint(task.id) }),
      open: (cell) => openExternal(folder, cell),
      dispose: async () => {},
    };
  }
}

async function openExternal(folder: EmbeddingsFolder, { task, protocols }: PlannedCell): Promise<OpenedModel> {
  const { model, protocols: available, notes } = await folder.open(task.id);
  const possible = protocols.filter((protocol) => available.includes(protocol));
  // The arrays fit other protocols only. Without an error, the row would silently have no cell.
  if (possible.length === 0) {
    throw new MedbenchError(
      'data',
      `The embeddings of ${task.id} are for ${available.join(', ')}, not for ${protocols.join(', ')}`,
      { hint: 'medbench embed --inputs lists the arrays that the task takes.' },
    );
  }
  return { model, protocols: possible, notes };
}

/** A value that is created on first use and then kept. After a failure, the next use tries again. */
function lazy<T>(make: () => Promise<T>): { value(): Promise<T>; existing(): Promise<T | undefined> } {
  let value: Promise<T> | undefined;
  return {
    value() {
      value ??= make().catch((error: unknown) => {
        value = undefined;
        throw error;
      });
      return value;
    },
    existing: async () => value,
  };
}
