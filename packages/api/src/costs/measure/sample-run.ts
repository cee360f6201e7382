import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defaultSettings } from '@medbench/core';
import { findEntry } from '@medbench/core/catalogue';
import type { Registry } from '@medbench/core/services';
import { type Config, type Plan, type RunLayout, type RunObserver, Services } from '@medbench/runner';
import { openRun } from '../../open-run.js';
import { SILENT_OBSERVER } from '../../options.js';
import { type JoinedRun, joinRun } from '../../work.js';
import type { Assignment, Sample } from './record.js';
import { EmbeddingBudget } from './sampled-model.js';
import { SampledRegistry, type SampleSink } from './sampled-registry.js';
import { SampledTraining } from './sampled-training.js';
import type { SteadyClock } from './steady-clock.js';

const assignmentFile = ({ folder }: RunLayout): string => join(folder, 'assignment.json');

/** The settings of a run whose trainings stop after the steps of a sample. Only the first seed is carried out. */
export const sampleConfig = (config: Config, { steps }: Sample, synthetic: boolean): Config => ({
  ...config,
  ...(synthetic ? { synthetic } : {}),
  seeds: [config.seeds[0]!],
  training: { ...config.training, stopAt: steps },
});

/** The cells that are measured: those of the controls, and of one row for all that are trained. */
const samplePlan = (plan: Plan, { evaluated }: Assignment): Plan => ({
  ...plan,
  rows: plan.rows.filter(({ kind }) => kind !== 'embeddings'),
  cells: plan.cells.filter(({ row }) => row.kind === 'control' || row.id === evaluated),
});

/** Keeps in the folder of a measurement what its processes are to do. */
export const writeAssignment = (
  store: { readonly layout: RunLayout; writeJson(path: string, value: unknown): void },
  assignment: Assignment,
): void => store.writeJson(assignmentFile(store.layout), assignment);

/**
 * Binds the services of a run whose work is a sample, from its folder alone: tasks with few examples, trainings of few
 * steps.
 */
export async function joinSample(
  folder: string,
  { store, clock, sink, observer = SILENT_OBSERVER, signal }: JoinOptions,
): Promise<JoinedSample> {
  const opened = openRun(folder, folder);
  const assignment = JSON.parse(readFileSync(assignmentFile(store.layout), 'utf8')) as Assignment;
  const joined = await joinRun(opened, { observer, signal, clock }, store);
  const { container, registry } = joined;
  const plan = samplePlan(joined.plan, assignment);
  const epochs = (id: string): number => {
    const { info } = findEntry(registry.catalogue, 'protocol', id);
    const section = plan.config.evaluation[info.section ?? id] as Readonly<Record<string, unknown>> | undefined;
    const value = { ...defaultSettings(info.settings), ...section }.epochs;
    return typeof value === 'number' ? value : 1;
  };
  const budget = new EmbeddingBudget();
  const sampled = new SampledRegistry([registry.catalogue, container], {
    sample: assignment.sample,
    sink,
    clock,
    epochs,
    budget,
  });
  const training = new SampledTraining(container.get(Services.Pretraining.id), assignment, clock);
  container.rebind(Services.Plan.id).toConstantValue(plan);
  container.rebind(Services.Registry.id).toConstantValue(sampled);
  container.rebind(Services.Pretraining.id).toConstantValue(training);
  return { plan, container, registry: sampled, training, budget };
}

/** How a process takes part in a measurement. */
export interface JoinOptions {
  readonly store: Parameters<typeof joinRun>[2];
  readonly clock: SteadyClock;
  readonly sink: SampleSink;
  readonly observer?: RunObserver;
  readonly signal: AbortSignal;
}

/** The services of a measurement. */
export interface JoinedSample {
  readonly plan: Plan;
  readonly container: JoinedRun['container'];
  readonly registry: Registry;
  readonly training: SampledTraining;
  readonly budget: EmbeddingBudget;
}
