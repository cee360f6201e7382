import {
  type LastPoint,
  MedbenchError,
  type TrackedPlot,
  type TrackedPoint,
  type TrackedRun,
  type TrackedUnit,
  Tracker,
  type TrackerRequest,
  type TrackerSession,
} from '@medbench/core';
import { Client, Refusal } from './client.js';
import { allowedName, parameterValue, tagValue, UNIT_TAG, unitTag } from './names.js';
import { findServer } from './server.js';
import { settings } from './settings.js';

/** Most parameters that MLflow takes at once. */
const MOST_PARAMETERS = 100;

/** The address of the files of a run on a server that takes them, with or without its own name. */
const PROXIED = /^mlflow-artifacts:\/(?:\/[^/]*\/)?(.+)$/;

/** The part of MLflow's answer about a run that is read. */
interface RunAnswer {
  readonly info?: { readonly run_id?: string; readonly artifact_uri?: string };
  readonly data?: {
    readonly params?: readonly unknown[];
    readonly metrics?: readonly {
      readonly key: string;
      readonly value: number | string;
      readonly step?: number | string;
    }[];
  };
}

/** The MLflow run of a unit, and the last value of each of its metrics when it was found. */
interface UnitRun {
  readonly id: string;
  /** Where the server keeps its files; undefined if it leaves files to its clients. */
  readonly files: string | undefined;
  readonly last: ReadonlyMap<string, LastPoint>;
}

/** Turns a refusal into an error for the user. */
const refused = (cause: unknown, address: string): unknown =>
  cause instanceof Refusal
    ? new MedbenchError('store', `The MLflow server ${address} refuses: ${cause.message}`)
    : cause;

function toUnitRun({ info, data }: RunAnswer): UnitRun | undefined {
  if (!info?.run_id) return undefined;
  const last = new Map<string, LastPoint>();
  // Whole numbers of 64 bits, and numbers that are not finite, are texts in JSON.
  for (const { key, value, step = 0 } of data?.metrics ?? [])
    last.set(key, { step: Number(step), value: Number(value) });
  return { id: info.run_id, files: PROXIED.exec(info.artifact_uri ?? '')?.[1], last };
}

/** The runs of one experiment. */
class Experiment implements TrackerSession {
  readonly #runs = new Map<string, UnitRun>();

  constructor(
    private readonly client: Client,
    private readonly address: string,
    private readonly experiment: string,
    private readonly run: TrackedRun,
  ) {}

  async received(unit: TrackedUnit): Promise<(curve: string) => LastPoint | undefined> {
    const found = await this.#guard(() => this.#find(unit));
    return (curve) => found?.last.get(allowedName(curve));
  }

  async send(unit: TrackedUnit, points: readonly TrackedPoint[]): Promise<void> {
    await this.#guard(async () => {
      const { id } = this.#runs.get(unit.name) ?? (await this.#create(unit, points[0]!.time));
      const metrics = points.map(({ curve, value, step, time }) => ({
        ...{ key: allowedName(curve), value, step },
        timestamp: Math.round(time),
      }));
      await this.client.post('runs/log-batch', { run_id: id, metrics });
    });
  }

  async finished(unit: TrackedUnit, time: number): Promise<void> {
    const run = this.#runs.get(unit.name);
    if (!run) return;
    const update = { run_id: run.id, status: 'FINISHED', end_time: Math.round(time) };
    await this.#guard(() => this.client.post('runs/update', update));
  }

  /** Stores the plots in one run of their own, if the server takes files. */
  async show(plots: readonly TrackedPlot[]): Promise<void> {
    const generated = plots.some((plot) => plot.generated);
    const unit: TrackedUnit = { name: generated ? 'report-generated' : 'report', row: 'report', seed: 0, generated };
    await this.#guard(async () => {
      const { id, files } = (await this.#find(unit)) ?? (await this.#create(unit, Date.now()));
      for (const { name, svg } of files === undefined ? [] : plots) {
        await this.client.put(`artifacts/${files}/plots/${encodeURIComponent(name)}.svg`, 'image/svg+xml', svg);
      }
      await this.client.post('runs/update', { run_id: id, status: 'FINISHED', end_time: Date.now() });
    });
  }

  async #guard<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      throw refused(cause, this.address);
    }
  }

  /** Finds the MLflow run of a unit on the server, which alone knows what it has. */
  async #find(unit: TrackedUnit): Promise<UnitRun | undefined> {
    const { runs } = (await this.client.post('runs/search', {
      experiment_ids: [this.experiment],
      filter: `tags.\`${UNIT_TAG}\` = '${unitTag(this.run.id, unit)}'`,
      max_results: 1,
    })) as { readonly runs?: readonly RunAnswer[] };
    const run = runs?.[0] && toUnitRun(runs[0]);
    if (!run) return undefined;
    // Whoever made it may have been killed before it was described.
    if (!runs[0]?.data?.params?.length) await this.#describe(unit, run.id);
    this.#runs.set(unit.name, run);
    return run;
  }

  async #create(unit: TrackedUnit, time: number): Promise<UnitRun> {
    const { run } = this;
    const tags = {
      [UNIT_TAG]: unitTag(run.id, unit),
      'medbench.generated_data': unit.generated ? 'yes' : 'no',
      'medbench.row': unit.row,
      'medbench.seed': String(unit.seed),
      'medbench.backend': run.backend,
      'medbench.command': run.command,
      ...(run.study === undefined ? {} : { 'medbench.study': run.study }),
    };
    const created = (await this.client.post('runs/create', {
      experiment_id: this.experiment,
      run_name: unit.name,
      start_time: Math.round(time),
      tags: Object.entries(tags).map(([key, value]) => ({ key, value: tagValue(value) })),
    })) as { readonly run?: RunAnswer };
    const made = created.run && toUnitRun(created.run);
    if (!made) throw new MedbenchError('store', `The MLflow server ${this.address} made a run and did not name it`);
    await this.#describe(unit, made.id);
    this.#runs.set(unit.name, made);
    return made;
  }

  /** Sends the settings. They do not change while a training is the same, and MLflow would not take others. */
  async #describe(unit: TrackedUnit, id: string): Promise<void> {
    const settings = { row: unit.row, seed: unit.seed, ...this.run.settings };
    const named = new Map(Object.entries(settings).map(([name, value]) => [allowedName(name), parameterValue(value)]));
    const params = [...named].map(([key, value]) => ({ key, value }));
    for (let from = 0; from < params.length; from += MOST_PARAMETERS) {
      const some = params.slice(from, from + MOST_PARAMETERS);
      await this.client.post('runs/log-batch', { run_id: id, params: some });
    }
  }
}

/** Finds an experiment by its name, or makes it. @returns its id. */
async function openExperiment(client: Client, name: string): Promise<string> {
  const find = async (): Promise<string | undefined> => {
    try {
      const { experiment } = (await client.get('experiments/get-by-name', { experiment_name: name })) as {
        readonly experiment?: { readonly experiment_id?: string; readonly lifecycle_stage?: string };
      };
      if (experiment?.lifecycle_stage === 'deleted') {
        throw new MedbenchError('usage', `The MLflow experiment ${name} was deleted`, {
          hint: 'Restore it (mlflow experiments restore), or name another one: --set tracker.mlflow.experiment=NAME.',
        });
      }
      return experiment?.experiment_id;
    } catch (error) {
      if (error instanceof Refusal && error.reason === 'RESOURCE_DOES_NOT_EXIST') return undefined;
      throw error;
    }
  };
  const found = await find();
  if (found !== undefined) return found;
  try {
    const { experiment_id: id } = await client.post('experiments/create', { name });
    if (typeof id === 'string') return id;
  } catch (error) {
    // Another process may have made it in between.
    const made = error instanceof Refusal && error.reason === 'RESOURCE_ALREADY_EXISTS' ? await find() : undefined;
    if (made !== undefined) return made;
    throw error;
  }
  throw new MedbenchError('store', `The MLflow server made the experiment ${name} and did not name it`);
}

/** Shows each row and seed as a run of an MLflow server: curves and figures as metrics, settings as parameters. */
@Tracker({ id: 'mlflow', title: 'Runs of an MLflow server', settings })
export class Mlflow implements Tracker<typeof settings> {
  async open({ run, settings: { server, experiment, timeout }, signal }: TrackerRequest<typeof settings>) {
    const found = findServer({ server }, process.env);
    const client = new Client(found, { timeout, signal });
    try {
      const name = experiment || process.env.MLFLOW_EXPERIMENT_NAME || run.name;
      return new Experiment(client, found.address, await openExperiment(client, name), run);
    } catch (cause) {
      throw refused(cause, found.address);
    }
  }
}
