import type { ServerResponse } from 'node:http';
import type { TrackedPoint, TrackedRun, TrackedUnit, TrackerSession } from '@medbench/core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MlflowServer } from '../test/mlflow-server.js';
import { Mlflow } from './mlflow.js';
import { findServer } from './server.js';

const run: TrackedRun = {
  ...{ id: 'a1b2', name: 'demo', folder: '/runs/demo', command: 'medbench run', backend: 'wasm' },
  settings: { 'training.steps': 100, dataRoot: `/${'x'.repeat(600)}`, ...manySettings() },
};
const unit: TrackedUnit = {
  name: 'clip-partial%3Afreeze=0.5/seed-0',
  row: 'clip-partial:freeze=0.5',
  seed: 0,
  generated: true,
};

/** More settings than MLflow takes at once. */
function manySettings(): Record<string, number> {
  return Object.fromEntries(Array.from({ length: 150 }, (_, i) => [`section.setting${i}`, i]));
}

const point = (step: number, value: number, curve = 'training/loss'): TrackedPoint => ({
  curve,
  step,
  time: 1000 + step,
  value,
});

let server: MlflowServer;
beforeEach(async () => {
  for (const name of ['URI', 'TOKEN', 'USERNAME', 'PASSWORD']) vi.stubEnv(`MLFLOW_TRACKING_${name}`, '');
  vi.stubEnv('MLFLOW_EXPERIMENT_NAME', '');
  server = await MlflowServer.start();
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await server.stop();
});

const open = (
  settings: { readonly server?: string; readonly timeout?: number } = {},
  signal = new AbortController().signal,
): Promise<TrackerSession> => {
  const all = { server: server.address, experiment: '', timeout: 10, ...settings };
  return new Mlflow().open({ run, settings: all, files: '/nowhere', signal });
};

describe('the MLflow tracker', () => {
  it('makes one run for a row and seed, with settings as parameters, and finds it again', async () => {
    const first = await open();
    expect((await first.received!(unit))('training/loss')).toBeUndefined();
    await first.send(unit, [point(0, 4.5), point(10, 3), point(10, 0.25, 'figures/flickr/retrieval/recall@1')]);
    // Another process, which remembers nothing.
    const second = await open();
    const last = await second.received!(unit);
    expect(last('training/loss')).toEqual({ step: 10, value: 3 });
    expect(last('figures/flickr/retrieval/recall@1')).toEqual({ step: 10, value: 0.25 });
    await second.send(unit, [point(20, 2)]);
    await second.finished!(unit, 5000);
    const { metrics, params, tags, status } = server.run(unit.name);
    expect(metrics.filter(({ key }) => key === 'training/loss')).toEqual(
      [4.5, 3, 2].map((value, i) => ({ key: 'training/loss', value, step: 10 * i, timestamp: 1000 + 10 * i })),
    );
    expect(metrics.map(({ key }) => key)).toContain('figures/flickr/retrieval/recall_1');
    expect(params).toMatchObject({
      row: 'clip-partial:freeze=0.5',
      seed: '0',
      'training.steps': '100',
      'section.setting149': '149',
    });
    expect(tags).toMatchObject({ 'medbench.generated_data': 'yes', 'medbench.backend': 'wasm' });
    expect([status, [...server.experiments.keys()]]).toEqual(['FINISHED', ['demo']]);
  });

  it('describes a run whose maker was killed before it had', async () => {
    const session = await open();
    server.intercept = ({ url }, response) => {
      if (!url?.endsWith('runs/log-batch')) return false;
      response.destroy();
      return true;
    };
    await expect(session.send(unit, [point(0, 4)])).rejects.toThrow(/cannot be reached/);
    expect([server.run(unit.name).params, server.run(unit.name).metrics]).toEqual([{}, []]);
    server.intercept = () => false;
    const next = await open();
    expect((await next.received!(unit))('training/loss')).toBeUndefined();
    await next.send(unit, [point(0, 4)]);
    expect(Object.keys(server.run(unit.name).params)).toHaveLength(154);
    expect(server.run(unit.name).metrics).toHaveLength(1);
  });

  it('stores plots as files of a run of their own', async () => {
    const session = await open();
    for (let i = 0; i < 2; i++)
      await session.show!([{ name: 'ranks', title: 'Ranks', generated: false, svg: '<svg/>' }]);
    const { id } = server.run('report');
    expect([...server.files]).toEqual([[`1/${id}/artifacts/plots/ranks.svg`, '<svg/>']]);
  });

  it.each([
    ['a token', { MLFLOW_TRACKING_TOKEN: 't0k3n', MLFLOW_TRACKING_USERNAME: 'u' }, 'Bearer t0k3n'],
    ['a name and a password', { MLFLOW_TRACKING_USERNAME: 'u', MLFLOW_TRACKING_PASSWORD: 'p' }, 'Basic dTpw'],
  ])('shows %s', async (_, variables, authorization) => {
    for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
    server.authorization = authorization;
    await (await open()).send(unit, [point(0, 1)]);
    expect(server.run(unit.name).metrics).toHaveLength(1);
  });

  it.each<[string, (response: ServerResponse) => void, RegExp]>([
    [
      'that sends elsewhere',
      (response) => response.writeHead(302, { Location: 'http://127.0.0.1:1/' }).end(),
      /cannot be reached: /,
    ],
    ['that answers with a page', (response) => response.end('<html>'), /does not answer as MLflow does \(status 200\)/],
    [
      'that fails',
      (response) => response.writeHead(502).end('bad\u001b[31m gateway'),
      /refuses: 502 : bad\\u001b\[31m gateway$/,
    ],
    ['that answers without end', (response) => void response.write('x'.repeat(17 * 2 ** 20)), /more than 16 MiB/],
    ['that does not answer', () => {}, /cannot be reached: no answer for 1 s$/],
  ])('names a server %s', async (_, answer, message) => {
    server.intercept = (__, response) => {
      answer(response);
      return true;
    };
    await expect(open({ timeout: 1 })).rejects.toThrow(message);
  });

  it('never tells a secret', async () => {
    vi.stubEnv('MLFLOW_TRACKING_TOKEN', 's3cret');
    server.authorization = 'Bearer other';
    const refusal = await open().catch((error: Error) => error);
    expect(refusal).toMatchObject({ code: 'usage', message: expect.stringContaining('refuses the credentials (401)') });
    const address = server.address.replace('//', '//user:s3cret@');
    await server.stop();
    vi.stubEnv('MLFLOW_TRACKING_URI', address);
    const gone = await open({ server: '' }).catch((error: Error) => error);
    expect(gone).toMatchObject({ code: 'store', message: expect.stringContaining('cannot be reached: ') });
    const kept = await open({ server: address }).catch((error: Error) => error);
    expect(kept).toMatchObject({ code: 'usage', message: expect.stringContaining('settings are kept') });
    for (const error of [refusal, gone, kept]) expect(JSON.stringify([String(error), error])).not.toContain('s3cret');
    server = await MlflowServer.start();
  });
});

describe('the address of the server', () => {
  it.each([
    [{ server: '' }, {}, /No MLflow server is named/],
    [{ server: 'localhost:5000' }, {}, /localhost:5000 is not the address/],
    [{ server: '' }, { MLFLOW_TRACKING_URI: './mlruns' }, /mlruns is not the address/],
  ])('%j with %j is refused', (settings, env, message) => {
    expect(() => findServer(settings, env)).toThrow(message);
  });

  it('may have a path, and credentials in the variable', () => {
    const env = { MLFLOW_TRACKING_URI: 'https://u:p%40@host/mlflow/' };
    expect(findServer({ server: '' }, env)).toEqual({
      address: 'https://host/mlflow',
      authorization: `Basic ${Buffer.from('u:p@').toString('base64')}`,
    });
  });
});
