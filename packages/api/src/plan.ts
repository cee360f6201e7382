import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Backend, type DualEncoderModel, errorMessage, isMedbenchError } from '@medbench/core';
import type { Registry } from '@medbench/core/services';
import {
  type Config,
  chooseBackend,
  GENERAL,
  type MethodRow,
  type Plan,
  planGeneralTraining,
  resolveMethod,
} from '@medbench/runner';
import type { SetupRequest } from '@medbench/training';
import { openPlan } from './benchmark.js';
import type { BenchmarkOptions } from './options.js';
import { openRegistry } from './workspace.js';

/** What one row would do. Of what is not trained, the cells alone. */
export interface RowPlan {
  readonly id: string;
  readonly kind: Plan['rows'][number]['kind'] | typeof GENERAL;
  /** Trainings, one for each seed; 0: nothing is trained. */
  readonly trainings: number;
  /** Cells of all seeds: a task each. */
  readonly cells: number;
  readonly start?: string;
  readonly parameters?: { readonly total: number; readonly trainable: number };
  readonly steps?: number;
  readonly pairsPerStep?: number;
  /** Memory of the training process at its peak, without images that are kept, where the backend tells. */
  readonly peakMiB?: number;
  /** Pairs that are held in memory at once, where that is fewer. */
  readonly chunkSize?: number;
  /** Steps of each phase, where there are several. */
  readonly phases?: readonly number[];
  /** Why the row cannot be trained. */
  readonly error?: string;
}

/** What a training would do, or why it cannot be done; a run goes on with the other rows. */
async function planTraining(
  model: DualEncoderModel,
  request: Omit<SetupRequest, 'method' | 'start'> & { readonly start?: SetupRequest['start'] },
  method: Promise<SetupRequest['method']>,
  backend: Backend,
): Promise<Omit<RowPlan, 'id' | 'kind' | 'trainings' | 'cells'>> {
  const { prepareRow, stepMemory } = await import('@medbench/training');
  const { steps, batchSize } = request.training;
  try {
    const resolvedMethod = await method;
    const start = request.start ?? resolvedMethod.start;
    const setupRequest = { ...request, method: resolvedMethod, start };
    const { parameters, setup } = prepareRow(model, setupRequest);
    const memory = await stepMemory(model, setupRequest, backend);
    const chunkSize = memory?.chunkSize ?? request.training.chunkSize;
    return {
      start,
      parameters,
      steps,
      pairsPerStep: batchSize,
      ...(memory ? { peakMiB: Math.round(memory.peakBytes / 2 ** 20) } : {}),
      ...(chunkSize !== null && chunkSize < batchSize ? { chunkSize } : {}),
      ...(setup.phases.length > 1 ? { phases: setup.phases } : {}),
    };
  } catch (error) {
    // What is wrong with the call itself is wrong for all rows.
    if (isMedbenchError(error) && error.code === 'usage') throw error;
    return { error: errorMessage(error) };
  }
}

const loadMethod = async (registry: Registry, { entry, settings }: Pick<MethodRow, 'entry' | 'settings'>) =>
  (await resolveMethod(registry, entry, settings)).method;

/** The rows of a plan in its order; before them the general-domain weights, if any row starts from them. */
async function planRows(
  { config, rows, cells }: Plan,
  registry: Registry,
  model: DualEncoderModel,
  backend: Backend,
): Promise<RowPlan[]> {
  const { training, seeds } = config;
  const planned: RowPlan[] = [];
  for (const row of rows) {
    const { id, kind } = row;
    const base = { id, kind, cells: cells.filter((cell) => cell.row === row).length };
    if (row.kind !== 'method') planned.push({ ...base, trainings: 0 });
    else {
      const request = { row: id, settings: row.settings, training };
      const trainingPlan = await planTraining(model, request, loadMethod(registry, row), backend);
      planned.push({ ...base, trainings: seeds.length, ...trainingPlan });
    }
  }
  if (!planned.some(({ start }) => start === 'general')) return planned;
  const general = { id: GENERAL, kind: GENERAL, cells: 0 } as const;
  if (config.general.weights !== null) return [{ ...general, trainings: 0 }, ...planned];
  const { entry, settings, training: generalSettings } = planGeneralTraining(config, registry.catalogue);
  const request = { row: GENERAL, settings, training: generalSettings, start: 'scratch' } as const;
  const trainingPlan = await planTraining(model, request, loadMethod(registry, { entry, settings }), backend);
  return [{ ...general, trainings: 1, ...trainingPlan }, ...planned];
}

async function buildTowers({ encoders, model }: Config, registry: Registry): Promise<DualEncoderModel> {
  const { buildModel } = await import('@medbench/training');
  const [image, text] = await Promise.all([
    registry.get('encoder', encoders.image),
    registry.get('encoder', encoders.text),
  ]);
  return (await buildModel({ image, text, model })).model;
}

/** Images that are kept decoded while rows train: they add to the peak of a row, for data are not read. */
export interface KeptImages {
  readonly bytesPerThousand: number;
  readonly bytesAtMost: number;
}

async function estimateKeptImages({ image }: DualEncoderModel): Promise<KeptImages> {
  const { keptImageBytes } = await import('@medbench/training');
  return {
    bytesPerThousand: keptImageBytes(image.imageSize, 1000),
    bytesAtMost: keptImageBytes(image.imageSize, Number.MAX_SAFE_INTEGER),
  };
}

/** What a run would do. */
export interface RunPlan {
  readonly backend: { readonly id: string; readonly why: string };
  readonly seeds: readonly number[];
  readonly tasks: readonly string[];
  readonly corpora: readonly string[];
  readonly encoders: Config['encoders'];
  /** General-domain weights that are named; null: they are trained. */
  readonly generalWeights: string | null;
  /** The run folder, absolute, and whether there is one: what is finished there is not repeated. */
  readonly out: string;
  readonly exists: boolean;
  readonly totals: { readonly cells: number; readonly trainings: number; readonly steps: number };
  readonly rows: readonly RowPlan[];
  readonly keptImages: KeptImages;
}

/**
 * What `benchmark` would do under the same options. Nothing is written, no data are read.
 * @throws MedbenchError as `benchmark` for what it would refuse before its first row.
 */
export async function plan(options: BenchmarkOptions & { readonly out?: string | undefined } = {}): Promise<RunPlan> {
  const { workspace, config, plan: openedPlan } = await openPlan(options);
  const registry = await openRegistry(workspace);
  const backend = await chooseBackend(registry, config.backend);
  const model = await buildTowers(config, registry);
  const rows = await planRows(openedPlan, registry, model, backend.backend);
  const out = resolve(workspace.cwd, options.out ?? join('runs', 'latest'));
  return {
    backend: { id: backend.id, why: backend.why },
    seeds: config.seeds,
    tasks: openedPlan.tasks.map(({ id }) => id),
    corpora: openedPlan.corpora.map(({ id }) => id),
    encoders: config.encoders,
    generalWeights: config.general.weights,
    out,
    exists: existsSync(out),
    totals: {
      cells: openedPlan.cells.length,
      trainings: rows.reduce((sum, { trainings }) => sum + trainings, 0),
      steps: rows.reduce((sum, { trainings, steps }) => sum + trainings * (steps ?? 0), 0),
    },
    rows,
    keptImages: await estimateKeptImages(model),
  };
}
