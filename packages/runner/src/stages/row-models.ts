import {
  type EmbeddingFiles,
  type EmbeddingsFolder,
  type EvaluationModel,
  type LoadedModel,
  MedbenchError,
  type Pretraining,
  type ProtocolId,
} from '@medbench/core';
import type { Registry } from '@medbench/core/services';
import { inject } from 'inversify';
import { dataKeyFields, pluginIdentity, TaskData } from '../data/task-data.js';
import type { Plan, PlannedCell, PlanRow } from '../plan/plan.js';
import { Services } from '../services.js';
import { hashJson, type RunStore } from '../store/index.js';
import { Towers } from './towers.js';
import type { TrainedRow } from './training.js';

/** What measures a row on one task. */
export interface OpenedModel {
  readonly model: EvaluationModel;
  /** The protocols of the cell for which everything is there. */
  readonly protocols: readonly ProtocolId[];
  /** What a reader must know of each result. */
  readonly notes: readonly string[];
}

/** Where a row's vectors come from. Nothing is loaded before it is needed. */
export interface RowModel {
  /** Whether anything that it was trained on was generated. */
  readonly synthetic: boolean;
  /** All that its vectors for a cell depend on. */
  key(cell: PlannedCell): Promise<unknown>;
  open(cell: PlannedCell): Promise<OpenedModel>;
  dispose(): Promise<void>;
}

/** Makes the models of rows. */
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

  /** The towers that training left, which keep what they embed in the run folder. */
  trained(row: PlanRow, seed: number, trained: TrainedRow): RowModel {
    const load = lazy(async () => this.pretraining.load(await this.towers.request(), { file: trained.weights }));
    return {
      synthetic: trained.synthetic,
      key: async () => trained.key,
      open: async ({ task, protocols }) => ({
        model: this.plan.config.keepEmbeddings
          ? await this.embeddings.keep(
              this.store.layout.embedding(row.id, seed, task.id),
              {
                key: hashJson({ format: 1, row: trained.key, ...dataKeyFields(await this.data.key(task, seed)) }),
                model: row.id,
                task: task.id,
              },
              load.value,
            )
          : await load.value(),
        protocols,
        notes: [],
      }),
      dispose: async () => (await load.existing())?.dispose(),
    };
  }

  /** A row that no method trained. */
  control(row: PlanRow & { kind: 'control' }, seed: number): RowModel {
    const untrained: LoadedModel[] = [];
    const model = lazy(async () => {
      const request = await this.towers.request();
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
      key: async () => ({ control: pluginIdentity(row.entry), model: this.towers.key }),
      open: async ({ protocols }) => ({ model: await model.value(), protocols, notes: [] }),
      dispose: async () => {
        for (const loaded of untrained) await loaded.dispose();
      },
    };
  }

  /** Vectors that another tool made. @throws MedbenchError('usage') if their folder does not exist. */
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
  // What is there belongs to another task: without an error the row would have no cell at all.
  if (possible.length === 0) {
    throw new MedbenchError(
      'data',
      `The embeddings of ${task.id} are those of ${available.join(', ')}, not ${protocols.join(', ')}`,
      { hint: 'medbench embed --inputs says which arrays the task takes.' },
    );
  }
  return { model, protocols: possible, notes };
}

/** A value that is made when it is first asked for. What failed is made anew. */
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
