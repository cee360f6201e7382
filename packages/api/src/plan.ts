import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { ValidationLoss } from '@medbench/core';
import {
  type Config,
  chooseBackend,
  comparedPresets,
  makePlan,
  type Plan,
  type PlanDifference,
  planDifferences,
} from '@medbench/runner';
import { jobsByCores, jobsByMemory, requestedJobs } from './jobs/choose.js';
import { type OpenedPlan, openPlan } from './open-plan.js';
import type { BenchmarkOptions } from './options.js';
import { type KeptImages, planMemory, type RowPlan } from './row-plan.js';
import { choosePresets, openRegistry, readConfig } from './workspace.js';

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
  /** Name of the existing general-domain weights; null if they are trained. */
  readonly generalWeights: string | null;
  /** The run folder, absolute. */
  readonly out: string;
  /** Whether the run folder exists; then its finished results are reused. */
  readonly exists: boolean;
  readonly totals: { readonly cells: number; readonly trainings: number; readonly steps: number };
  readonly rows: readonly RowPlan[];
  readonly keptImages: KeptImages;
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

/**
 * Describes what `benchmark` would do with the same options. It writes nothing and reads no data.
 * @throws MedbenchError for everything that `benchmark` would refuse before its first row.
 */
export async function plan(options: BenchmarkOptions & { readonly out?: string | undefined } = {}): Promise<RunPlan> {
  const opened = await openPlan(options);
  const { workspace, config, plan: openedPlan } = opened;
  const registry = await openRegistry(workspace);
  const backend = await chooseBackend(registry, config);
  const { rows, keptImages } = await planMemory(openedPlan, registry, backend.backend);
  const jobs = requestedJobs(undefined) ?? Math.min(jobsByCores(openedPlan), await jobsByMemory(rows, keptImages));
  const out = resolve(workspace.cwd, options.out ?? join('runs', 'latest'));
  return {
    backend: { id: backend.id, why: backend.why },
    jobs,
    threads: config.threads,
    seeds: config.seeds,
    tasks: openedPlan.tasks.map(({ id }) => id),
    protocols: [...new Set(openedPlan.cells.flatMap(({ protocols }) => protocols))],
    corpora: openedPlan.corpora.map(({ id }) => id),
    validation: describeValidation(openedPlan),
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
    keptImages,
    ...(await presetDifferences(opened)),
  };
}
