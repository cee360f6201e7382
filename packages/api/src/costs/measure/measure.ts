import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { ensureFolder, isProcessRunning, MedbenchError, withoutPlugins } from '@medbench/core';
import type { Registry } from '@medbench/core/services';
import {
  type ChosenBackend,
  type Config,
  composePlugins,
  composeRun,
  GENERAL,
  makePlan,
  type Plan,
  Run,
  RunStore,
} from '@medbench/runner';
import { dataFolder } from '../../carry-out.js';
import { loadReport } from '../../load-report.js';
import type { OpenedPlan } from '../../open-plan.js';
import { SILENT_OBSERVER } from '../../options.js';
import type { RowPlan } from '../../row-plan.js';
import { cacheFolder, namedPlugins } from '../../workspace.js';
import { REFERENCE } from '../devices.js';
import { pairOf, timeForward, timeSmaller } from './forward.js';
import { missingData } from './missing.js';
import { Measurer, measureUnits } from './processes.js';
import type { Assignment, MeasuredGather, MeasuredUnit, Measurements, Sample } from './record.js';
import { joinSample, sampleConfig, writeAssignment } from './sample-run.js';
import { folderBytes } from './size.js';
import { SteadyClock } from './steady-clock.js';

/** Beginning of the names of measurements' folders in the cache; the id of the process follows. */
const FOLDER = 'measuring-';

/** Seconds that one measured step may take by the estimate, and all steps of a row. */
const STEP = 1.5;
const STEPS = 0.8;
/** Seconds that embedding one list of images may take by the estimate. */
const EMBEDDING = 2;
/** Most examples of a task. */
const EXAMPLES = 4096;
/** Images of a call of the towers (see `loadModel` of the trainer): fewer take as long. */
const CALL = 64;
/** Times the forward pass of a pair that a training step takes for it: forward, backward, and forward again in chunks. */
const STEP_OF_FORWARD = 4;

/** Chooses how much is measured from how long the towers take. @returns also the seconds of the estimate. */
export function chooseSample(
  { training: { batchSize, steps, devices = 1 } }: Pick<Config, 'training'>,
  forward: { readonly image: number; readonly text: number },
): Sample {
  const pair = STEP_OF_FORWARD * (forward.image + forward.text);
  let batch = batchSize;
  while (pair * batch > STEP && batch % 2 === 0 && batch / 2 >= 8 && (batch / 2) % devices === 0) batch /= 2;
  const wanted = Math.round(STEPS / (pair * batch)) + 2;
  return {
    batchSize: batch,
    steps: Math.min(steps, Math.max(4, Math.min(wanted, 10))),
    examples: EXAMPLES,
    embedded: CALL * Math.max(1, Math.floor(Math.min(EXAMPLES, EMBEDDING / forward.image) / CALL)),
  };
}

/** Options of `measureParts`. */
export interface MeasurePartsOptions {
  readonly registry: Registry;
  /** The backend of the run, with its caches and threads. */
  readonly backend: ChosenBackend;
  readonly rows: readonly RowPlan[];
  /** Number of processes that measure side by side. */
  readonly processes: number;
  /** Whether faster image encoders are timed too, and the towers that stated throughputs are of. */
  readonly smaller: boolean;
  readonly reference: boolean;
  readonly log: (message: string) => void;
}

/**
 * Carries out a small part of a run in a folder of the cache that is removed afterwards, by the stages and the processes of
 * a run: a few training steps of each row, the general-domain weights, each control and one trained row on all tasks, and
 * the table.
 * @throws MedbenchError as a run.
 */
export async function measureParts(
  { workspace, config, plan }: OpenedPlan,
  { registry, backend, rows, processes, smaller, reference, log }: MeasurePartsOptions,
): Promise<Measurements> {
  const began = performance.now();
  const missing = config.synthetic ? [] : missingData(plan, resolve(workspace.cwd, config.dataRoot));
  if (missing.length > 0) log(`not here: ${missing.join(', ')}; generated data take their place`);
  const forward = await timeForward(config, registry, backend.backend);
  const sample = chooseSample(config, forward);
  const others = {
    smaller: smaller ? await timeSmaller(config, { registry, backend: backend.backend, own: forward }) : [],
    ...(reference ? { reference: pairOf(await timeForward(REFERENCE, registry, backend.backend)) } : {}),
  };
  const sampled = { ...sampleConfig(config, sample, missing.length > 0), backend: backend.id };
  const cacheRoot = cacheFolder(workspace.cwd);
  const samplePlan = makePlan(sampled, workspace.catalogue);
  const dataRoot = await dataFolder(workspace, sampled, log, { plan: samplePlan });
  await ensureFolder(cacheRoot);
  removeAbandoned(cacheRoot);
  const folder = mkdtempSync(join(cacheRoot, `${FOLDER}${process.pid}-`));
  const store = RunStore.open(folder);
  const home = { host: hostname(), cwd: workspace.cwd, dataRoot, cacheRoot };
  const measurers: Measurer[] = [];
  try {
    const container = composePlugins({ catalogue: workspace.catalogue, cacheRoot }).container;
    await composeRun(container, {
      ...{ plan: samplePlan, store, observer: SILENT_OBSERVER, backend, dataRoot },
      signal: new AbortController().signal,
    });
    container.get(Run).begin('medbench plan --measure', {
      ...home,
      plugins: namedPlugins(workspace.file),
      builtInOnly: withoutPlugins(),
    });
    const units = listMeasured(plan, rows);
    const assignment: Assignment = {
      sample,
      evaluated: units.evaluated,
      chunks: Object.fromEntries(rows.flatMap(({ id, chunkSize }) => (chunkSize ? [[id, chunkSize]] : []))),
    };
    writeAssignment(store, assignment);
    const env = { MEDBENCH_THREADS: String(config.threads), MEDBENCH_CACHE: cacheRoot };
    for (let i = 0; i < processes; i++) measurers.push(new Measurer(folder, processes, env));
    const starts = await Promise.all(measurers.map((measurer) => measurer.ready()));
    const measured: MeasuredUnit[] = [];
    await measureUnits(measurers, units, (unit) => {
      measured.push(unit);
      const { training, error } = unit;
      if (error) log(`${unit.row}: not measured, ${error.message}`);
      else if (training) log(`${unit.row}: ${Math.round(training.stepMs)} ms for ${training.batchSize} pairs`);
    });
    for (const measurer of measurers) measurer.end();
    const gather = await measureGather(store, measured);
    return {
      ...{ sample, processes, units: measured, gather, missing, imageSize: forward.imageSize },
      ...others,
      startUp: Math.max(...starts),
      seconds: (performance.now() - began) / 1000,
    };
  } finally {
    for (const measurer of measurers) measurer.end();
    store.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Removes the folders of measurements whose processes were ended, such as by Ctrl-C. */
function removeAbandoned(cacheRoot: string): void {
  for (const name of readdirSync(cacheRoot)) {
    const pid = Number(new RegExp(`^${FOLDER}(\\d+)-`).exec(name)?.[1]);
    if (Number.isNaN(pid) || isProcessRunning(pid)) continue;
    rmSync(join(cacheRoot, name), { recursive: true, force: true });
  }
}

/** The units to measure, and the row whose evaluation stands for that of all trained rows. */
function listMeasured({ rows }: Plan, planned: readonly RowPlan[]) {
  const trains = ({ id }: { readonly id: string }): boolean =>
    planned.some((row) => row.id === id && row.error === undefined);
  const methods = rows.filter((row) => row.kind === 'method' && trains(row)).map(({ id }) => id);
  const general = planned.some(({ id }) => id === GENERAL);
  if (methods.length === 0 && rows.every(({ kind }) => kind !== 'control')) {
    throw new MedbenchError('usage', 'There is no row to measure', {
      hint: 'The plan says why rows cannot be trained.',
    });
  }
  return {
    evaluated: methods[0],
    first: general ? [GENERAL] : [],
    independent: rows.filter(({ kind }) => kind === 'control').map(({ id }) => id),
    rest: methods,
  };
}

/** Writes the table and the report of the measured rows, as the process does that gathers a run. */
async function measureGather(store: RunStore, units: readonly MeasuredUnit[]): Promise<MeasuredGather> {
  const clock = new SteadyClock(performance.now());
  const leaks: Record<string, { total: number; used: number }> = {};
  const { container, plan } = await joinSample(store.layout.folder, {
    ...{ store, clock, signal: new AbortController().signal },
    sink: {
      evaluated: () => {},
      searched(task, counts) {
        leaks[task] = counts;
      },
    },
  });
  const failed = new Set(units.filter(({ error }) => error).map(({ row }) => row));
  await container.get(Run).gather('medbench plan --measure');
  const { writeReport } = await loadReport();
  await clock.span('report', () => writeReport(store.layout.folder));
  const { layout } = store;
  const others = [layout.cells, layout.allCheckpoints, layout.embeddings, layout.units];
  return {
    phases: clock.seconds(),
    rows: plan.rows.filter(({ id }) => !failed.has(id) && plan.cells.some(({ row }) => row.id === id)).length,
    bytes: folderBytes(layout.folder) - others.reduce((sum, path) => sum + folderBytes(path), 0),
    leaks,
  };
}
