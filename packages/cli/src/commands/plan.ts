import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Backend, type DualEncoderModel, isMedbenchError, messageOf } from '@medbench/core';
import {
  type Config,
  chooseBackend,
  composeRegistry,
  GENERAL,
  generalTraining,
  type MethodRow,
  type Plan,
  resolveMethod,
  silentLogger,
} from '@medbench/runner';
import type { SetupRequest } from '@medbench/training';
import { inColumns } from '../columns.js';
import { EXIT } from '../errors.js';
import { planOf, type RunOptions } from './run.js';

type Registry = ReturnType<typeof composeRegistry>;

/** What one row would do. Of what is not trained, the cells alone. */
interface RowPlan {
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
  /** Memory of the training process at its peak, without pictures that are kept, where the backend tells. */
  readonly peakMiB?: number;
  /** Pairs that are held in memory at once, where that is fewer. */
  readonly chunkSize?: number;
  /** Steps of each phase, where there are several. */
  readonly phases?: readonly number[];
  /** Why the row cannot be trained. */
  readonly error?: string;
}

/** What a training would do, or why it cannot be done; a run goes on with the other rows. */
async function trainingOf(
  model: DualEncoderModel,
  request: Omit<SetupRequest, 'method' | 'start'> & { readonly start?: SetupRequest['start'] },
  method: Promise<SetupRequest['method']>,
  backend: Backend,
): Promise<Omit<RowPlan, 'id' | 'kind' | 'trainings' | 'cells'>> {
  const { prepareRow, stepMemory } = await import('@medbench/training');
  const { steps, batchSize } = request.training;
  try {
    const found = await method;
    const start = request.start ?? found.start;
    const whole = { ...request, method: found, start };
    const { parameters, setup } = prepareRow(model, whole);
    const memory = await stepMemory(model, whole, backend);
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
    return { error: messageOf(error) };
  }
}

const methodOf = async (registry: Registry, { entry, settings }: Pick<MethodRow, 'entry' | 'settings'>) =>
  (await resolveMethod(registry, entry, settings)).method;

/** The rows of a plan in its order; before them the general-domain weights, if any row starts from them. */
async function rowsOf(
  { config, rows, cells }: Plan,
  registry: Registry,
  model: DualEncoderModel,
  backend: Backend,
): Promise<RowPlan[]> {
  const { training, seeds } = config;
  const planned: RowPlan[] = [];
  for (const row of rows) {
    const { id, kind } = row;
    const own = { id, kind, cells: cells.filter((cell) => cell.row === row).length };
    if (row.kind !== 'method') planned.push({ ...own, trainings: 0 });
    else {
      const request = { row: id, settings: row.settings, training };
      const found = await trainingOf(model, request, methodOf(registry, row), backend);
      planned.push({ ...own, trainings: seeds.length, ...found });
    }
  }
  if (!planned.some(({ start }) => start === 'general')) return planned;
  const general = { id: GENERAL, kind: GENERAL, cells: 0 } as const;
  if (config.general.weights !== null) return [{ ...general, trainings: 0 }, ...planned];
  const { entry, settings, training: own } = generalTraining(config, registry.catalogue);
  const request = { row: GENERAL, settings, training: own, start: 'scratch' } as const;
  const found = await trainingOf(model, request, methodOf(registry, { entry, settings }), backend);
  return [{ ...general, trainings: 1, ...found }, ...planned];
}

async function modelOf({ encoders, model }: Config, registry: Registry): Promise<DualEncoderModel> {
  const { buildModel } = await import('@medbench/training');
  const [image, text] = await Promise.all([
    registry.get('encoder', encoders.image),
    registry.get('encoder', encoders.text),
  ]);
  return (await buildModel({ image, text, model })).model;
}

/** What the peak leaves open, for data are not read. */
async function keptPictures({ image }: DualEncoderModel): Promise<string> {
  const { keptPictureBytes } = await import('@medbench/training');
  const [each, most] = [
    keptPictureBytes(image.imageSize, 1000),
    keptPictureBytes(image.imageSize, Number.MAX_SAFE_INTEGER),
  ];
  const mebibytes = (bytes: number): string => number(Math.ceil(bytes / 2 ** 20));
  return `peak MiB: of the process while it trains; pictures kept decoded add ${mebibytes(each)} MiB per 1,000 pairs, ${mebibytes(most)} at the most`;
}

const number = (value: number | undefined): string => (value === undefined ? '—' : value.toLocaleString('en'));

const COLUMNS = [
  'row',
  'starts from',
  'parameters',
  'trained',
  'steps',
  'pairs a step',
  'peak MiB',
  'trainings',
  'cells',
] as const;

function lineOf(row: RowPlan): string[] {
  const { id, start, parameters, steps, pairsPerStep, peakMiB, trainings, cells, chunkSize, phases } = row;
  return [
    id,
    start ?? '—',
    number(parameters?.total),
    number(parameters?.trainable),
    number(steps) + (phases ? ` (${phases.join(' + ')})` : ''),
    number(pairsPerStep) + (chunkSize === undefined ? '' : ` in chunks of ${chunkSize}`),
    number(peakMiB),
    trainings === 0 ? '—' : number(trainings),
    number(cells),
  ];
}

/**
 * `medbench plan`: what `run` would do under the same flags. Nothing is written, no data are read.
 * @returns 0, or 1 if a row cannot be trained.
 * @throws MedbenchError as `run` for what it would refuse before its first row.
 */
export async function plan(options: RunOptions): Promise<number> {
  const { workspace, config, plan: made } = await planOf(options);
  const registry = composeRegistry(workspace.catalogue, { logger: silentLogger });
  const backend = await chooseBackend(registry, config.backend);
  const model = await modelOf(config, registry);
  const rows = await rowsOf(made, registry, model, backend.backend);
  const code = rows.some(({ error }) => error !== undefined) ? EXIT.failed : EXIT.ok;
  const folder = resolve(options.out);
  const exists = existsSync(folder);
  const totals = {
    cells: made.cells.length,
    trainings: rows.reduce((sum, { trainings }) => sum + trainings, 0),
    steps: rows.reduce((sum, { trainings, steps }) => sum + trainings * (steps ?? 0), 0),
  };
  const names = {
    backend: backend.id,
    seeds: config.seeds,
    tasks: made.tasks.map(({ id }) => id),
    corpora: made.corpora.map(({ id }) => id),
    encoders: config.encoders,
  };
  if (options.json) {
    const general = config.general.weights;
    console.log(JSON.stringify({ ...names, generalWeights: general, out: folder, exists, totals, rows }, null, 1));
    return code;
  }
  console.log(
    `${rows.filter(({ kind }) => kind !== GENERAL).length} rows x ${made.tasks.length} tasks, seeds ${config.seeds.join(', ')}`,
  );
  console.log(`${config.encoders.image} and ${config.encoders.text}, trained on ${names.corpora.join(', ')}`);
  console.log(`backend ${backend.id}: ${backend.why}`);
  if (config.general.weights !== null) console.log(`general-domain weights: ${config.general.weights}`);
  console.log(`run folder ${options.out}${exists ? ', which exists: what is finished there is not repeated' : ''}\n`);
  console.log(inColumns([COLUMNS, ...rows.map(lineOf)], [2, 3, 4, 5, 6, 7, 8]));
  for (const { id, error } of rows) if (error !== undefined) console.log(`\n${id} cannot be trained: ${error}`);
  if (rows.some(({ peakMiB }) => peakMiB !== undefined)) console.log(`\n${await keptPictures(model)}`);
  const { trainings, steps, cells } = totals;
  console.log(`\n${number(trainings)} trainings of ${number(steps)} steps in all, ${number(cells)} cells`);
  return code;
}
