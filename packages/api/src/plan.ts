import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { MedbenchError, type Precision, type Tower, type ValidationLoss } from '@medbench/core';
import type { Registry } from '@medbench/core/services';
import {
  type Config,
  chooseBackend,
  chooseDevice,
  comparedPresets,
  makePlan,
  type Plan,
  type PlanDifference,
  planDifferences,
  withEstimateOptions,
  withOptions,
} from '@medbench/runner';
import { costRun, type RunCosts } from './costs/costs.js';
import { knownDevice, statedThroughput } from './costs/devices.js';
import { assumedWatts } from './costs/energy.js';
import { type Fit, fitRun } from './costs/fit.js';
import { keepMeasurements, keptMeasurements } from './costs/measure/kept.js';
import { jobsByCores, jobsByMemory, requestedJobs } from './jobs/choose.js';
import { type OpenedPlan, openPlan } from './open-plan.js';
import type { BenchmarkOptions } from './options.js';
import { type ChosenPreprocessing, choosePreprocessing } from './preprocessing.js';
import { type KeptImages, type PlannedStage, planMemory, type RowPlan } from './row-plan.js';
import type { MeasuredStep } from './speeds/kept.js';
import { keptSteps, measureSteps } from './speeds/measure.js';
import { cacheFolder, choosePresets, openRegistry, readConfig } from './workspace.js';

/** The validation of a run's rows. */
export interface ValidationPlan {
  /** The corpus with its settings, `pmc-oa:split=valid`; null: a share of the training pairs. */
  readonly corpus: string | null;
  /** Share of the training pairs that is held out; 0 with a corpus. */
  readonly share: number;
  /** Largest number of batches; null: all. */
  readonly batches: number | null;
  readonly batchSize: number;
  readonly loss: ValidationLoss;
  /** The loss of single methods' rows, by method id. */
  readonly lossOf: Readonly<Record<string, ValidationLoss>>;
  /** Number of steps between two validations; `epoch`: the full batches of an epoch. */
  readonly every: number | 'epoch';
  readonly patience: number | null;
  readonly keep: 'last' | 'best';
}

function describeValidation({ config: { training }, validation }: Plan): ValidationPlan | null {
  const { corpus: _, share, batchSize, ...settings } = training.validation;
  if (!validation && share === 0) return null;
  return {
    corpus: validation?.id ?? null,
    share: validation ? 0 : share,
    batchSize: batchSize ?? training.batchSize,
    ...settings,
  };
}

/** The plan of a run, without any of its results. */
export interface RunPlan {
  readonly backend: { readonly id: string; readonly why: string };
  /** The device that the memory of the rows is estimated for, if the plan is for one; its memory for programs in bytes. */
  readonly device?: { readonly title: string; readonly memoryBytes: number };
  /** Arithmetic of the products of a training, see `LoadOptions.precision`. */
  readonly precision: Precision;
  /** Number of processes that work side by side, unless `jobs` says another. */
  readonly jobs: number;
  /** Threads of each process. */
  readonly threads: number;
  readonly seeds: readonly number[];
  readonly tasks: readonly string[];
  /** Protocols that measure them, by id. */
  readonly protocols: readonly string[];
  readonly corpora: readonly string[];
  /** How the weights of a row are validated; null if they are not. */
  readonly validation: ValidationPlan | null;
  readonly encoders: Config['encoders'];
  /** Vocabulary of a text encoder that reads word pieces, as `model.vocabulary` names it; null: the encoder's own. */
  readonly vocabulary: string | null;
  /** Names of the weights of single towers that replace those of the general-domain weights. */
  readonly towerWeights: { readonly image: string | null; readonly text: string | null };
  /** Parameters that freeze together in each tower, from input to output: the embedding, the blocks, the head. */
  readonly stages: Readonly<Record<Tower, readonly PlannedStage[]>>;
  /** Name of the existing general-domain weights; null if they are trained. */
  readonly generalWeights: string | null;
  /** How images become the input of the image encoder, as far as it is known without the network. */
  readonly images: ChosenPreprocessing;
  /** The run folder, absolute. */
  readonly out: string;
  /** Whether the run folder exists; then its finished results are reused. */
  readonly exists: boolean;
  readonly totals: { readonly cells: number; readonly trainings: number; readonly steps: number };
  readonly rows: readonly RowPlan[];
  readonly keptImages: KeptImages;
  /** Rows whose steps were timed on this machine on several backends (`PlanOptions.measure`), and their times. */
  readonly measured: readonly MeasuredStep[];
  /** Cost of the run, if it was measured on this machine (`PlanOptions.measure`). */
  readonly costs?: RunCosts;
  /** Settings with which the run fits into `PlanOptions.maxHours`. */
  readonly fit?: Fit;
  /** What differs from another preset, if a chosen preset says with which to compare it. */
  readonly differences?: { readonly from: string; readonly list: readonly PlanDifference[] };
}

/** Compares a plan with that of the presets which its own name in `against`; the other settings are the same. */
async function presetDifferences({ workspace, flags, plan }: OpenedPlan): Promise<Pick<RunPlan, 'differences'>> {
  const from = comparedPresets(choosePresets(workspace, flags));
  if (from === undefined) return {};
  const base = makePlan(await readConfig(workspace, { ...flags, preset: from }), workspace.catalogue);
  return { differences: { from, list: planDifferences(base, plan) } };
}

/** Options of `plan`. */
export interface PlanOptions extends BenchmarkOptions {
  /** The run folder. Default `runs/latest`. */
  readonly out?: string | undefined;
  /** A device that need not be here, such as `h100`: the memory of the rows is that of programs compiled for it. */
  readonly device?: string | undefined;
  /**
   * `costs`, or true: carries out a small part of the run here, to say what it costs. `backends`: times two training steps of
   * each row on each backend of the CPU that says beforehand what memory a step takes. What was measured is kept in the cache;
   * later plans show it, nothing else reads it.
   */
  readonly measure?: boolean | 'costs' | 'backends' | undefined;
  /** Number of processes or devices to plan for. Default: `MEDBENCH_JOBS`, else as many as a run would use here. */
  readonly jobs?: number | undefined;
  /** Hours into which the run is to fit: steps, batch size and towers are chosen. Needs what `measure` measures. */
  readonly maxHours?: number | undefined;
  /** Receives one line per measurement. */
  readonly log?: ((message: string) => void) | undefined;
}

/** Chooses the backend or the device that estimates the memory of a plan. */
async function chooseEstimator(registry: Registry, config: Config, cache: string, wanted: string | undefined) {
  const options = { cache, threads: config.threads };
  if (wanted === undefined) {
    const { id, why, backend } = await chooseBackend(registry, config);
    return {
      described: { backend: { id, why } },
      estimator: withEstimateOptions(backend, options),
    };
  }
  const target = await chooseDevice(registry, config, wanted);
  const device = { title: target.title, memoryBytes: await target.deviceMemory() };
  return {
    described: { backend: { id: target.id, why: 'compiles for the device' }, device },
    estimator: withEstimateOptions(target, options),
  };
}

/** Options of `planCosts` besides the plan. */
interface CostRequest {
  readonly rows: readonly RowPlan[];
  /** Number of processes that are planned for, and that this machine has room for. */
  readonly jobs: number;
  readonly room: number;
  readonly registry: Registry;
  readonly device: string | undefined;
  readonly hours: number | undefined;
  readonly measure: boolean;
  readonly log: (message: string) => void;
}

/** A plan for a device, as this machine can measure it: on its own backend, in float32. */
function onThisMachine({ workspace, config, ...opened }: OpenedPlan): OpenedPlan {
  const own = {
    ...config,
    backend: 'auto',
    training: { ...config.training, precision: 'float32' as const, devices: 1 },
  };
  return { ...opened, workspace, config: own, plan: makePlan(own, workspace.catalogue) };
}

/**
 * Measures what a run costs, or finds it in the cache.
 * @throws MedbenchError('usage') for hours without a measurement, or a device without a stated throughput.
 */
async function planCosts(
  opened: OpenedPlan,
  { rows, jobs, room, registry, device: name, hours, measure, log }: CostRequest,
): Promise<Pick<RunPlan, 'costs' | 'fit'>> {
  const { workspace, plan: openedPlan } = opened;
  const here = name === undefined ? opened : onThisMachine(opened);
  const { catalogue } = workspace;
  const cache = cacheFolder(workspace.cwd);
  const device = measure && name !== undefined ? { name, ...statedThroughput(name) } : knownDevice(name);
  const chosen = await chooseBackend(registry, here.config);
  // More processes than this machine has cores for would measure nothing but each other.
  const processes = Math.max(1, Math.min(jobs, room));
  let measurements = keptMeasurements(cache, here.plan, chosen.id, processes);
  if (measure) {
    const { measureParts } = await import('./costs/measure/measure.js');
    const backend = withOptions(chosen.backend, { cache, threads: here.config.threads });
    measurements = await measureParts(here, {
      ...{ registry, backend: { id: chosen.id, backend }, rows, processes, log },
      ...{ smaller: hours !== undefined, reference: name !== undefined },
    });
    await keepMeasurements(cache, { plan: here.plan, backend: chosen.id, measurements });
  }
  const usable = measurements && (name === undefined || (device && measurements.reference));
  if (!measurements || !usable) {
    if (hours === undefined) return {};
    throw new MedbenchError('usage', 'What this run costs has not been measured here', {
      hint: 'Add --measure: it takes a minute for small towers, longer for large ones.',
    });
  }
  const options = { jobs, watts: assumedWatts(), ...(device ? { device } : {}) };
  return {
    costs: costRun(openedPlan, catalogue, rows, measurements, options),
    ...(hours === undefined ? {} : { fit: fitRun(openedPlan, catalogue, rows, measurements, { ...options, hours }) }),
  };
}

/**
 * Describes what `benchmark` would do with the same options. It reads no data, and writes nothing but
 * what compilers make of the programs and say of them, and times with `measure`, which it keeps in the cache.
 * @throws MedbenchError for everything that `benchmark` would refuse before its first row.
 */
export async function plan(options: PlanOptions = {}): Promise<RunPlan> {
  const opened = await openPlan(options);
  const { workspace, config, plan: openedPlan } = opened;
  const registry = await openRegistry(workspace);
  const { described, estimator } = await chooseEstimator(registry, config, cacheFolder(workspace.cwd), options.device);
  const { rows, keptImages, stages } = await planMemory(openedPlan, registry, estimator);
  const cache = cacheFolder(workspace.cwd);
  const { measure = false, log = () => {} } = options;
  const measured = await (measure === 'backends'
    ? measureSteps(openedPlan, registry, { cache, log })
    : keptSteps(openedPlan, registry, cache));
  const room = Math.min(jobsByCores(openedPlan), await jobsByMemory(rows, keptImages));
  const jobs = requestedJobs(options.jobs) ?? room;
  const out = resolve(workspace.cwd, options.out ?? join('runs', 'latest'));
  return {
    ...described,
    precision: config.training.precision,
    jobs,
    threads: config.threads,
    seeds: config.seeds,
    tasks: openedPlan.tasks.map(({ id }) => id),
    protocols: [...new Set(openedPlan.cells.flatMap(({ protocols }) => protocols))],
    corpora: openedPlan.corpora.map(({ id }) => id),
    validation: describeValidation(openedPlan),
    encoders: config.encoders,
    vocabulary: config.model.vocabulary,
    towerWeights: { image: config.general.image, text: config.general.text },
    stages,
    generalWeights: config.general.weights,
    images: await choosePreprocessing(config, workspace.catalogue, { fetch: false }),
    out,
    exists: existsSync(out),
    totals: {
      cells: openedPlan.cells.length,
      trainings: rows.reduce((sum, { trainings }) => sum + trainings, 0),
      steps: rows.reduce((sum, { trainings, steps }) => sum + trainings * (steps ?? 0), 0),
    },
    rows,
    keptImages,
    measured,
    ...(await planCosts(opened, {
      ...{ rows, jobs, room, registry, log },
      ...{ device: options.device, hours: options.maxHours, measure: measure === true || measure === 'costs' },
    })),
    ...(await presetDifferences(opened)),
  };
}
