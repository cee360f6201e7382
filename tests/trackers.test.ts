import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { RunResults } from '@medbench/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Mlflow } from '../packages/trackers-mlflow/src/mlflow.js';
import { type Finished, medbench, repository, TINY, temporaryFolder } from './support/cli.js';
import { providePhantoms } from './support/phantoms.js';
import { pythonWith } from './support/python.js';

const folder = temporaryFolder('trackers');
const cwd = folder.path;
const out = join(cwd, 'run');
afterAll(() => folder.dispose());

const ARGS = [
  ...['run', '--preset=demo', '--methods=clip-scratch', '--tasks=roco-retrieval', '--set=controls=["chance"]'],
  ...[
    ...TINY,
    '--set=training.steps=400',
    '--set=training.checkpointEvery=20',
    '--set=training.logEvery=2',
    '--set=training.batchSize=64',
  ],
  ...[
    '--set=training.validation.share=0.1',
    '--set=training.validation.every=50',
    '--set=training.validation.batchSize=16',
    '--seed=0,1',
    '--jobs=2',
    '--out=run',
  ],
  ...['--set=corpora=["phantoms"]', '--set=leaks.check=false'],
] as const;
const TRACK = ['--track=tensorboard', '--track=mlflow', '--track=jsonl'] as const;
const SEEDS = [0, 1] as const;
const nameUnit = (seed: number): string => `clip-scratch/seed-${seed}-generated`;

/** Points of a curve by step: value, and time in milliseconds. */
type Curve = readonly (readonly [step: number, value: number, time: number])[];
type Curves = Readonly<Record<string, Curve>>;

/** The curves of a training as `log.jsonl` has them: of a repeated step, the first line. */
function readLog(wanted: number): Curves {
  const curves: Record<string, Map<number, [number, number, number]>> = {};
  for (const line of readFileSync(join(out, 'log.jsonl'), 'utf8').trim().split('\n')) {
    const { time, row, training, seed, step, steps, ...fields } = JSON.parse(line) as Record<string, unknown>;
    if (training === undefined || row !== 'clip-scratch' || seed !== wanted || typeof step !== 'number') continue;
    for (const [name, value] of Object.entries(fields)) {
      if (typeof value !== 'number') continue;
      const curveName = name === 'validationLoss' ? 'validation/loss' : `training/${name}`;
      const curve = curves[curveName] ?? new Map<number, [number, number, number]>();
      curves[curveName] = curve;
      if (!curve.has(step)) curve.set(step, [step, value, Date.parse(String(time))]);
    }
  }
  return Object.fromEntries(
    Object.entries(curves).map(([name, points]) => [name, [...points.values()].sort(([a], [b]) => a - b)]),
  );
}

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });

const python = pythonWith('tensorboard', 'mlflow');

/** Waits until something is there. @throws Error after two minutes. */
async function until<T>(look: () => Promise<T | undefined> | T | undefined): Promise<T> {
  for (let tries = 0; tries < 600; tries++, await delay(200)) {
    const found = await look();
    if (found !== undefined) return found;
  }
  throw new Error(`Nothing came within two minutes: ${look}`);
}

describe.skipIf(!python)('a run that is killed and resumed, with real readers', () => {
  let server: ChildProcess;
  let address: string;
  let killedAt: number;
  let second: Finished;
  let printed = '';
  let logs: readonly Curves[];
  let results: RunResults;

  const ask = async (path: string, body?: object): Promise<Record<string, unknown>> => {
    const init = body
      ? { method: 'POST', body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } }
      : {};
    const response = await fetch(`${address}/api/2.0/mlflow/${path}`, init);
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as Record<string, unknown>;
  };
  interface MlflowRun {
    readonly info: { readonly run_id: string; readonly run_name: string; readonly status: string };
    readonly data: {
      readonly metrics?: readonly { readonly key: string; readonly step: number; readonly value: number }[];
      readonly tags: readonly { readonly key: string; readonly value: string }[];
      readonly params: readonly { readonly key: string; readonly value: string }[];
    };
  }
  const listRuns = async (): Promise<readonly MlflowRun[]> => {
    const { experiments } = await ask('experiments/search', { max_results: 100, filter: "name = 'run'" });
    const [experiment] = (experiments ?? []) as readonly { readonly experiment_id: string }[];
    if (!experiment) return [];
    return ((await ask('runs/search', { experiment_ids: [experiment.experiment_id] })).runs ??
      []) as readonly MlflowRun[];
  };
  const start = (args: readonly string[]): Promise<Finished> & { child?: ChildProcess } => {
    let child: ChildProcess | undefined;
    const env = { MLFLOW_TRACKING_URI: address };
    const ended: Promise<Finished> & { child?: ChildProcess } = medbench(args, {
      ...{ cwd, env },
      started: (process) => {
        child = process;
      },
    });
    ended.child = child!;
    return ended;
  };

  beforeAll(async () => {
    const port = await freePort();
    address = `http://127.0.0.1:${port}`;
    const store = ['--backend-store-uri', `sqlite:///${cwd}/mlflow.db`, '--artifacts-destination', `${cwd}/artifacts`];
    const env = { ...process.env, MLFLOW_SERVER_ENABLE_JOB_EXECUTION: 'false' };
    server = spawn(python!, ['-m', 'mlflow', 'server', '--host=127.0.0.1', `--port=${port}`, '--workers=1', ...store], {
      ...{ cwd, env, stdio: 'ignore', detached: true },
    });
    await Promise.all([
      until(() =>
        fetch(`${address}/health`).then(
          ({ ok }) => ok || undefined,
          () => undefined,
        ),
      ),
      providePhantoms(join(cwd, '.medbench')),
    ]);
    const first = start([...ARGS, ...TRACK]);
    let early: Finished | undefined;
    void first.then((finished) => {
      early = finished;
    });
    killedAt = await until(async () => {
      if (early) throw new Error(`The run ended before it could be killed: ${early.stderr}`);
      const run = (await listRuns()).find(({ info }) => info.run_name === nameUnit(0));
      const step = run?.data.metrics?.find(({ key }) => key === 'training/loss')?.step;
      // Behind a checkpoint, so that steps which were delivered are repeated.
      return Number(step ?? 0) > 20 ? Number(step) : undefined;
    });
    first.child!.kill('SIGKILL');
    printed = (await first).stdout;
    second = await start([...ARGS, ...TRACK]);
    printed += second.stdout;
    logs = SEEDS.map(readLog);
    results = JSON.parse(readFileSync(join(out, 'results.json'), 'utf8')) as RunResults;
  });
  afterAll(() => {
    if (server?.pid) process.kill(-server.pid, 'SIGTERM');
  });

  /** Compares all curves of a training, value by value. */
  function expectCurves(log: Curves, found: Curves, rounded: (value: number) => number): void {
    const training = Object.keys(found)
      .filter((name) => !name.startsWith('figures'))
      .sort();
    expect(training).toEqual(Object.keys(log).sort());
    for (const [name, points] of Object.entries(log)) {
      expect(found[name], name).toEqual(points.map(([step, value, time]) => [step, rounded(value), time]));
    }
  }

  it('was resumed from a checkpoint', () => {
    const told = second.stderr.split('\n').filter((line) => /\btracker \w+( failed|:)/.test(line));
    expect([second.code, told]).toEqual([0, []]);
    const lines = readFileSync(join(out, 'log.jsonl'), 'utf8').trim().split('\n');
    const resumed = lines
      .map((line) => JSON.parse(line) as { resumedAt?: number })
      .filter((line) => 'resumedAt' in line);
    const points = Object.values(logs[0]!).reduce((sum, curve) => sum + curve.length, 0);
    const where = resumed.map(({ resumedAt }) => resumedAt).join(' and ');
    console.info(`killed at step ${killedAt} or later, resumed at ${where}; ${points} points of ${lines.length} lines`);
    expect(resumed.length).toBeGreaterThan(0);
    expect(Object.keys(logs[0]!)).toEqual(
      expect.arrayContaining([
        'training/loss',
        'training/learningRate',
        'training/pairsPerSecond',
        'training/residentBytes',
        'validation/loss',
      ]),
    );
    for (const log of logs) expect(log['training/loss']).toHaveLength(201);
  });

  it("has the same curves in TensorBoard's reader as in log.jsonl", () => {
    const text = execFileSync(python!, [
      join(repository, 'tests/support/read_events.py'),
      join(out, 'trackers/tensorboard'),
    ]);
    const runs = JSON.parse(text.toString()) as Record<string, { scalars: Curves; texts: Record<string, string> }>;
    expect(Object.keys(runs).sort()).toEqual(SEEDS.flatMap((seed) => [`chance/seed-${seed}`, nameUnit(seed)]).sort());
    for (const seed of SEEDS) {
      const { scalars, texts } = runs[nameUnit(seed)]!;
      const inMilliseconds = Object.fromEntries(
        Object.entries(scalars).map(([name, points]) => [
          name,
          points.map(([step, value, time]) => [step, value, Math.round(time * 1000)] as const),
        ]),
      );
      expectCurves(logs[seed]!, inMilliseconds, Math.fround);
      expect(texts.run).toContain('Generated data (phantoms)');
      expect(readdirSync(join(out, 'trackers/tensorboard', nameUnit(seed)))).toHaveLength(1);
    }
    for (const { method, task, protocol, metrics, seed } of results.cells) {
      const unit = runs[method === 'chance' ? `chance/seed-${seed}` : nameUnit(seed)]!;
      for (const [metric, { value }] of Object.entries(metrics)) {
        const points = unit.scalars[`figures on generated data/${task}/${protocol}/${metric}`]!;
        const step = method === 'chance' ? 0 : 400;
        expect(points.map((point) => point.slice(0, 2))).toEqual([[step, Math.fround(value)]]);
      }
    }
  });

  it('has the same curves on an MLflow server as in log.jsonl', async () => {
    const runs = await listRuns();
    expect(runs.map(({ info }) => [info.run_name, info.status]).sort()).toEqual(
      SEEDS.flatMap((seed) => [
        [`chance/seed-${seed}`, 'FINISHED'],
        [nameUnit(seed), 'FINISHED'],
      ]).sort(),
    );
    for (const seed of SEEDS) {
      const { info, data } = runs.find((run) => run.info.run_name === nameUnit(seed))!;
      const found: Record<string, Curve> = {};
      for (const { key } of data.metrics!) {
        const query = new URLSearchParams({ run_id: info.run_id, metric_key: key });
        const { metrics } = (await ask(`metrics/get-history?${query}`)) as {
          metrics: { step: number; value: number; timestamp: number }[];
        };
        found[key] = metrics.map(({ step, value, timestamp }) => [Number(step), value, Number(timestamp)]);
      }
      expectCurves(logs[seed]!, found, (value) => value);
      expect(data.tags).toContainEqual({ key: 'medbench.generated_data', value: 'yes' });
      expect(data.params).toContainEqual({ key: 'training.steps', value: '400' });
    }
  });

  it('has printed each line once', () => {
    const lines = printed.split('\n').filter((line) => line.startsWith('{'));
    const units = lines.map(
      (line) => JSON.parse(line) as { unit: string; step: number; values: Record<string, number> },
    );
    for (const seed of SEEDS) {
      const losses = units.filter(({ unit, values }) => unit === nameUnit(seed) && 'training/loss' in values);
      expect(losses.map(({ step, values }) => [step, values['training/loss']])).toEqual(
        logs[seed]!['training/loss']!.map(([step, value]) => [step, value]),
      );
    }
  });

  it('leaves a plot on the server', async () => {
    const [settings, signal] = [{ server: address, experiment: 'plots', timeout: 10 }, new AbortController().signal];
    const run = { id: 'a1', name: 'plots', folder: out, command: '', backend: 'wasm', settings: {} };
    const session = await new Mlflow().open({ run, settings, files: out, signal });
    await session.show!([
      { name: 'ranks', title: 'Ranks', generated: true, svg: '<svg xmlns="http://www.w3.org/2000/svg"/>' },
    ]);
    const { experiment } = (await ask('experiments/get-by-name?experiment_name=plots')) as {
      experiment: { experiment_id: string };
    };
    const { runs } = (await ask('runs/search', { experiment_ids: [experiment.experiment_id] })) as {
      runs: MlflowRun[];
    };
    const query = new URLSearchParams({ run_id: runs[0]!.info.run_id, path: 'plots' });
    expect((await ask(`artifacts/list?${query}`)).files).toMatchObject([{ path: 'plots/ranks.svg' }]);
  });

  it('is delivered again by nobody, and to a new tracker by medbench track', async () => {
    const again = await start(['track', 'run']);
    expect([again.code, again.stdout, again.stderr]).toEqual([0, '', '']);
    const [server2, ended] = [`http://127.0.0.1:${await freePort()}`, performance.now()];
    const args = ['track', 'run', '--tracker=mlflow'];
    const failed = await medbench(args, {
      cwd,
      env: { MLFLOW_TRACKING_URI: server2, MLFLOW_TRACKING_TOKEN: 's3cret' },
    });
    expect(performance.now() - ended).toBeLessThan(20_000);
    expect([failed.code, failed.stderr]).toEqual([1, expect.stringContaining('ECONNREFUSED')]);
    expect(failed.stderr).not.toContain('s3cret');
    expect(existsSync(join(out, 'report.html'))).toBe(true);
  });

  it('is followed until it has ended', async () => {
    const { code, stderr } = await start(['track', 'run', '--follow', '--tracker=tensorboard']);
    expect([code, stderr]).toEqual([0, '']);
  }, 120_000);
});
