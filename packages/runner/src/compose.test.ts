import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Backend, EvaluationModel, Pretraining, RunStatistics } from '@medbench/core';
import type { Catalogue } from '@medbench/core/catalogue';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { composePlugins, composeRun } from './compose.js';
import { DEFAULTS } from './config/index.js';
import type { RunObserver } from './observer.js';
import { makePlan } from './plan/index.js';
import { Run } from './run.js';
import { Services } from './services.js';
import { RunStore } from './store/index.js';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'medbench-compose-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/**
 * A plugin package with a task that counts its fingerprints, a protocol, a method, a control, a corpus and an encoder.
 */
function laboratory(): Catalogue {
  const home = join(dir, 'lab');
  mkdirSync(home);
  writeFileSync(join(home, 'package.json'), JSON.stringify({ name: 'lab', type: 'module', exports: './index.js' }));
  writeFileSync(
    join(home, 'index.js'),
    `const plugin = (kind, id, target) =>
  Object.defineProperty(target, Symbol.for('medbench.plugin'), { value: { api: 1, kind, info: { id } } });
export class Task {
  async fingerprint() { globalThis.fingerprints = (globalThis.fingerprints ?? 0) + 1; return 'data'; }
  async evaluate(model, { protocols }) {
    return { synthetic: false, results: [await protocols[0].measure(model, 'a')] };
  }
}
plugin('task', 'one', Task);
export class Protocol {
  async measure(model, text, { metric }) {
    const value = (await model.embedTexts([text])).data[0];
    return { protocol: 'p', metric, metrics: { [metric]: { value, ci95: [value, value] } }, n: 1, perExample: [value] };
  }
}
plugin('protocol', 'p', Protocol);
export class Method { start = 'scratch'; objective() {} }
plugin('method', 'simple', Method);
export class Control { async model({ untrained }) { return untrained(); } }
plugin('control', 'raw', Control);
export class Corpus {
  async open() { return { fingerprint: 'pairs', synthetic: true, pairs: { length: 1, get: async () => ({}) } }; }
}
plugin('corpus', 'pairs', Corpus);
export class Tower {}
plugin('encoder', 'tower', Tower);`,
  );
  const plugin = {
    name: 'lab',
    version: '1.0.0',
    dir: home,
    manifest: { api: 1 },
    why: 'test',
    dependencies: [],
    keywords: [],
  };
  const entry = (kind: string, info: { id: string }) => ({ kind, id: info.id, info, package: plugin });
  return {
    packages: [plugin],
    broken: [],
    presets: [],
    entries: [
      entry('task', { id: 'one', kind: 'k', protocols: ['p'], metric: { p: 'accuracy' }, access: 'open' } as never),
      entry('protocol', { id: 'p', title: 'P', kinds: ['k'], primary: 'any', metrics: {} } as never),
      entry('method', { id: 'simple', title: 'Simple', question: 'baseline', settings: {} } as never),
      entry('control', { id: 'raw', protocols: ['p'] } as never),
      entry('corpus', { id: 'pairs' }),
      entry('encoder', { id: 'tower' }),
    ],
  } as unknown as Catalogue;
}

const config = {
  ...DEFAULTS,
  corpora: ['pairs'],
  encoders: { image: 'tower', text: 'tower' },
  keepEmbeddings: false,
  leaks: { check: false, corpusPairs: 0 },
};
// Without `then`: the container awaits an object that has one.
const silent = new Proxy({}, { get: (_, name) => (name === 'then' ? undefined : () => {}) }) as RunObserver;
const embedding = (value: number): EvaluationModel & { dispose(): Promise<void> } => ({
  id: 'double',
  can: { images: false, texts: true, joint: false },
  logitScale: 1,
  embedImages: () => Promise.reject(new Error('no images')),
  imageFeatures: () => Promise.reject(new Error('no images')),
  embedTexts: async () => ({ rows: 1, cols: 1, data: Float32Array.of(value) }),
  dispose: async () => {},
});

/** A pre-training double without towers: a trained model embeds as 0.75, an untrained one as 0.25. */
const pretraining: Pretraining = {
  async train({ folder, event }) {
    event({ trained: folder });
    const weights = join(folder, 'weights.safetensors');
    mkdirSync(folder, { recursive: true });
    writeFileSync(weights, '');
    return {
      weights,
      record: { steps: 1, seconds: 0, parameters: { total: 1, trainable: 1 }, finalLoss: 1, curve: [] },
    };
  },
  findWeights: () => Promise.reject(new Error('not asked')),
  findTower: () => Promise.reject(new Error('not asked')),
  identifyVocabulary: async () => undefined,
  load: async (_request, source) => embedding('file' in source ? 0.75 : 0.25),
};

async function composed(store: RunStore) {
  const catalogue = laboratory();
  const { container } = composePlugins({ catalogue, cacheRoot: dir });
  await composeRun(container, {
    plan: makePlan(config, catalogue),
    store,
    observer: silent,
    backend: { id: 'none', backend: {} as Backend },
    dataRoot: dir,
    signal: new AbortController().signal,
  });
  container.rebind(Services.Pretraining.id).toConstantValue(pretraining);
  const statistics = { level: 0.05, columns: [], ranks: null } satisfies RunStatistics;
  container.rebind(Services.CompareRows.id).toConstantValue(() => ({ statistics, comparisons: [] }));
  return container;
}

it('a run works with doubles in place of services, and hashes the data of a task once', async () => {
  const store = RunStore.open(join(dir, 'run'));
  Reflect.set(globalThis, 'fingerprints', 0);
  const { cells, training, statistics } = await (await composed(store)).get(Run).execute('test');
  store.close();
  expect(cells.map(({ method, value, status }) => [method, value, status])).toEqual([
    ['simple', 0.75, 'ok'],
    ['raw', 0.25, 'ok'],
  ]);
  expect(training.map(({ method }) => method)).toEqual(['simple']);
  expect(statistics).toMatchObject({ level: 0.05, columns: [], ranks: null });
  expect(Reflect.get(globalThis, 'fingerprints')).toBe(1);
});

it('a second run reuses the finished cells, without any state of the first in the process', async () => {
  const folder = join(dir, 'run');
  const store = RunStore.open(folder);
  await (await composed(store)).get(Run).execute('test');
  store.close();
  rmSync(join(dir, 'lab'), { recursive: true });
  const again = RunStore.open(folder);
  const container = await composed(again);
  container.rebind(Services.Pretraining.id).toConstantValue({
    ...pretraining,
    train: () => Promise.reject(new Error('trained twice')),
    load: () => Promise.reject(new Error('loaded twice')),
  });
  const { cells } = await container.get(Run).execute('test');
  again.close();
  expect(cells.map(({ status }) => status)).toEqual(['ok', 'ok']);
});

it('an unbound service is reported with the stage that asked for it', async () => {
  const store = RunStore.open(join(dir, 'run'));
  const container = await composed(store);
  container.unbind(Services.Thumbnail.id);
  expect(() => container.get(Run)).toThrow(/Symbol\(medbench\.Thumbnail\)[\s\S]*GalleryStage/);
  store.close();
});
