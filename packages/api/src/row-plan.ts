import { type DualEncoderModel, errorMessage, isMedbenchError, type Tower, type TowerStage } from '@medbench/core';
import type { Registry } from '@medbench/core/services';
import { type Config, GENERAL, type MethodRow, type Plan, planGeneralTraining, resolveMethod } from '@medbench/runner';
import type { MemoryEstimator, SetupRequest } from '@medbench/training';

/** The plan of one row. A row that is not trained has only the fields about cells. */
export interface RowPlan {
  readonly id: string;
  readonly kind: Plan['rows'][number]['kind'] | typeof GENERAL;
  /** Number of trainings, one per seed; 0 if nothing is trained. */
  readonly trainings: number;
  /** Number of measurements over all seeds, one per task. */
  readonly cells: number;
  readonly start?: string;
  readonly parameters?: { readonly total: number; readonly trainable: number; readonly frozen: number };
  readonly steps?: number;
  /** The batch size. */
  readonly pairsPerStep?: number;
  /** Peak memory of the training process without cached images, if the backend can estimate it. */
  readonly peakMiB?: number;
  /** Peak memory on the device, on a backend or for a device that has memory of its own. */
  readonly deviceMiB?: number;
  /** Number of pairs in memory at once, if smaller than the batch size. */
  readonly chunkSize?: number;
  /** Steps of each phase, if there are several phases. */
  readonly phases?: readonly number[];
  /** Why the row cannot be trained. */
  readonly error?: string;
}

const mebibytes = (bytes: number): number => Math.round(bytes / 2 ** 20);

/** Plans a training, or returns why it is impossible: a run then continues with the next row. */
async function planTraining(
  model: DualEncoderModel,
  request: Omit<SetupRequest, 'method' | 'start'> & { readonly start?: SetupRequest['start'] },
  method: Promise<SetupRequest['method']>,
  backend: MemoryEstimator,
): Promise<Omit<RowPlan, 'id' | 'kind' | 'trainings' | 'cells'>> {
  const { predictMemory, prepareRow } = await import('@medbench/training');
  const { steps, batchSize } = request.training;
  try {
    const resolvedMethod = await method;
    const start = request.start ?? resolvedMethod.start;
    const setupRequest = { ...request, method: resolvedMethod, start };
    const { parameters, setup } = prepareRow(model, setupRequest);
    const { process: ofProcess, device, chunkSize: split } = await predictMemory(model, setupRequest, backend);
    const chunkSize = split ?? request.training.chunkSize;
    return {
      start,
      parameters: { ...parameters, frozen: parameters.total - parameters.trainable },
      steps,
      pairsPerStep: batchSize,
      ...(ofProcess ? { peakMiB: mebibytes(ofProcess.peakBytes) } : {}),
      ...(device ? { deviceMiB: mebibytes(device.bytes) } : {}),
      ...(chunkSize !== null && chunkSize < batchSize ? { chunkSize } : {}),
      ...(setup.phases.length > 1 ? { phases: setup.phases } : {}),
    };
  } catch (error) {
    // An error in the call itself concerns all rows.
    if (isMedbenchError(error) && error.code === 'usage') throw error;
    return { error: errorMessage(error) };
  }
}

/** Loads the method of a row. */
const loadMethod = async (registry: Registry, { entry, settings }: Pick<MethodRow, 'entry' | 'settings'>) =>
  (await resolveMethod(registry, entry, settings)).method;

/** Plans the rows in their order, preceded by the general-domain weights if any row starts from them. */
async function planRows(
  { config, rows, cells }: Plan,
  registry: Registry,
  model: DualEncoderModel,
  backend: MemoryEstimator,
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

/**
 * Says which rows of a run cannot be trained because their methods do not fit the towers, before anything is trained: the
 * general-domain weights alone may take hours. Nothing is traced, so that it takes no time either.
 * @param warn receives a line for each row.
 */
export async function warnOfMisfits(
  { config, rows }: Plan,
  registry: Registry,
  warn: (message: string) => void,
): Promise<void> {
  const methods = rows.filter((row) => row.kind === 'method');
  if (methods.length === 0) return;
  const [model, { prepareRow }] = await Promise.all([buildTowers(config, registry), import('@medbench/training')]);
  for (const { id, entry, settings } of methods) {
    try {
      const method = await loadMethod(registry, { entry, settings });
      prepareRow(model, { row: id, method, settings, start: method.start, training: config.training });
    } catch (error) {
      // Other faults are those of plugins, which fail their rows with a message of their own.
      if (!isMedbenchError(error) || error.code !== 'config') continue;
      warn(`${id} cannot be trained and will fail: ${error.message}${error.hint ? `. ${error.hint}` : ''}`);
    }
  }
}

/** Builds the two towers of a run, without weights. */
async function buildTowers({ encoders, model }: Config, registry: Registry): Promise<DualEncoderModel> {
  const { buildModel } = await import('@medbench/training');
  const [image, text] = await Promise.all([
    registry.get('encoder', encoders.image),
    registry.get('encoder', encoders.text),
  ]);
  return (await buildModel({ image, text, model })).model;
}

/**
 * Memory of the decoded images that are cached while rows train. It adds to the peak memory of a row, and is not part
 * of it because planning does not read data.
 */
export interface KeptImages {
  readonly bytesPerThousand: number;
  readonly bytesAtMost: number;
}

async function estimateKeptImages({ image }: DualEncoderModel, { training }: Config): Promise<KeptImages> {
  const { keptImageBytes } = await import('@medbench/training');
  return {
    bytesPerThousand: keptImageBytes(image.imageSize, 1000, training.crop),
    bytesAtMost: keptImageBytes(image.imageSize, Number.MAX_SAFE_INTEGER, training.crop),
  };
}

/** Parameters that freeze together, and how many there are. */
export interface PlannedStage extends Pick<TowerStage, 'name' | 'kind'> {
  readonly parameters: number;
}

/** The stages of a tower from input to output, as it freezes. */
async function listStages(model: DualEncoderModel, tower: Tower): Promise<PlannedStage[]> {
  const { countParameters } = await import('@medbench/nn');
  return model.stages(tower).map(({ name, kind, parameters }) => {
    const names = new Set(parameters);
    return { name, kind, parameters: countParameters(model.parameters, (spec) => names.has(spec.name)) };
  });
}

/** Plans the rows of a run, the memory of the images that their trainings cache, and what freezes together. */
export async function planMemory(
  plan: Plan,
  registry: Registry,
  backend: MemoryEstimator,
): Promise<{
  readonly rows: readonly RowPlan[];
  readonly keptImages: KeptImages;
  readonly stages: Readonly<Record<Tower, readonly PlannedStage[]>>;
}> {
  const model = await buildTowers(plan.config, registry);
  return {
    rows: await planRows(plan, registry, model, backend),
    keptImages: await estimateKeptImages(model, plan.config),
    stages: { image: await listStages(model, 'image'), text: await listStages(model, 'text') },
  };
}
