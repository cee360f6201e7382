import 'reflect-metadata';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Container } from 'inversify';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Catalogue } from '../catalogue/index.js';
import { Registry, Services } from './index.js';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'medbench-registry-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** The copy of inversify that the registry uses: metadata of constructors belongs to one copy. */
const INVERSIFY = import.meta.resolve('inversify');

/** Writes a plugin package with the given code and returns its catalogue. */
function writePackage(source: string, ids = ['one', 'two']): Catalogue {
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'package.json'), JSON.stringify({ name: 'lab', type: 'module', exports: './index.js' }));
  writeFileSync(
    join(dir, 'index.js'),
    `import { inject } from ${JSON.stringify(fileURLToPath(INVERSIFY))};
const method = (id, target) => Object.defineProperty(target, Symbol.for('medbench.plugin'),
  { value: { api: 1, kind: 'method', info: { id } } });
const token = (name) => inject(Symbol.for('medbench.' + name));
${source}`,
  );
  const plugin = {
    name: 'lab',
    version: '1.0.0',
    dir,
    manifest: { api: 1 },
    why: 'test',
    dependencies: [],
    keywords: [],
  };
  const entries = ids.map((id) => ({ kind: 'method', id, info: { id }, package: plugin }));
  return { packages: [plugin], broken: [], entries, presets: [] } as unknown as Catalogue;
}

it('passes a plugin the services that it asks for, and builds it once per run', async () => {
  const catalogue = writePackage(
    "export class One { constructor(log) { this.log = log } }; token('Logger')(One, undefined, 0); method('one', One);",
  );
  const container = new Container();
  const logger = { info: () => {}, warn: () => {}, event: () => {} };
  container.bind(Services.Logger.id).toConstantValue(logger);
  const registry = new Registry(catalogue, container);
  const instance = await registry.get('method', 'one');
  expect(instance).toHaveProperty('log', logger);
  expect(await registry.get('method', 'one')).toBe(instance);
});

it('names the missing service, the class and the package that asked for it', async () => {
  const catalogue = writePackage(
    "export class One { constructor(d) {} }; token('DataRoot')(One, undefined, 0); method('one', One);",
  );
  await expect(new Registry(catalogue, new Container()).get('method', 'one')).rejects.toThrow(
    'One of lab (method one) asks for the service DataRoot, which is not bound here',
  );
});

it('says how to fix a constructor parameter without a token', async () => {
  const catalogue = writePackage("export class One { constructor(d) {} }; method('one', One);");
  await expect(new Registry(catalogue, new Container()).get('method', 'one')).rejects.toMatchObject({
    message: expect.stringContaining('One of lab (method one) cannot be constructed'),
    hint: expect.stringContaining('@Services.Logger'),
  });
});

it('lets plugins of a package share an instance, which other registries do not see', async () => {
  const catalogue = writePackage(`class Shared {}
export class One { constructor(shared) { this.shared = shared } }; inject(Shared)(One, undefined, 0); method('one', One);
export class Two { constructor(shared) { this.shared = shared } }; inject(Shared)(Two, undefined, 0); method('two', Two);`);
  const readShared = async (registry: Registry) =>
    Promise.all((['one', 'two'] as const).map(async (id) => Reflect.get(await registry.get('method', id), 'shared')));
  const container = new Container();
  const [first, second] = await readShared(new Registry(catalogue, container));
  expect(first).toBe(second);
  const [other] = await readShared(new Registry(catalogue, container));
  expect(other).not.toBe(first);
});
