import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkPlugin } from '../testing/index.js';
import { medbenchInfo, writePackageInfo } from './index.js';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'medbench-info-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const method = (id: string) => ({ id, title: id, question: 'baseline', extension: true, settings: {}, source: 'test' });
const decorated = (id: string, kind = 'method') =>
  `exports["${id}"] = class {}; Object.defineProperty(exports["${id}"], Symbol.for('medbench.plugin'), { value: ` +
  `${JSON.stringify({ api: 1, kind, info: method(id) })} });\n`;
const write = (code: string, medbench: object = { info: './out/info.json' }) => {
  writeFileSync(
    join(dir, 'package.json'),
    JSON.stringify({
      name: 'some-plugin',
      keywords: ['medbench-plugin'],
      exports: { '.': './index.js', './package.json': './package.json' },
      medbench: { api: 1, entry: '.', ...medbench },
    }),
  );
  writeFileSync(join(dir, 'index.js'), code);
};
const written = () => JSON.parse(readFileSync(join(dir, 'out/info.json'), 'utf8'));

describe('writePackageInfo', () => {
  it('writes the info of the decorated classes, sorted by id, such that checkPlugin finds no fault', async () => {
    write(decorated('two') + decorated('one') + decorated('three', 'control'));
    expect(await writePackageInfo(dir)).toBe(join(dir, 'out/info.json'));
    expect(written()).toEqual({ methods: [method('one'), method('two')], controls: [method('three')] });
    expect(await checkPlugin(dir)).toEqual([]);
  });

  it('finds an entry that is exported under the condition import only', async () => {
    write(decorated('one'));
    const file = join(dir, 'package.json');
    const exports = { '.': { types: './index.d.ts', import: './index.js' }, './package.json': './package.json' };
    writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), exports }));
    await writePackageInfo(dir);
    expect(written()).toEqual({ methods: [method('one')] });
  });

  it('names what is missing in the manifest or the entry', async () => {
    write(decorated('one'), {});
    await expect(writePackageInfo(dir)).rejects.toThrow('some-plugin does not name the file for its info');
    write('exports.plain = 1;');
    await expect(writePackageInfo(dir)).rejects.toThrow('some-plugin: "." exports no decorated class');
  });
});

describe('checkPlugin', () => {
  it('names a missing info file, and plugins whose info in the file differs from the code', async () => {
    write(decorated('one'));
    expect(await checkPlugin(dir)).toEqual([
      expect.stringContaining('./out/info.json, named in package.json#medbench'),
    ]);
    mkdirSync(join(dir, 'out'));
    writeFileSync(
      join(dir, 'out/info.json'),
      JSON.stringify({ methods: [{ ...method('one'), title: 'Old' }, method('gone')] }),
    );
    expect(await checkPlugin(dir)).toEqual([
      'method "one": ./out/info.json differs from the code; build the package again',
      'method "gone": ./out/info.json differs from the code; build the package again',
    ]);
  });
});

describe('medbenchInfo', () => {
  it('writes the info after the files of a build, in every bundler', async () => {
    write(decorated('one'));
    const plugin = medbenchInfo(dir);
    await plugin.buildEnd();
    expect(() => written()).toThrow();
    for (const end of [
      () => plugin.buildEnd({ writtenFiles: [] }),
      () => plugin.writeBundle(),
      () => esbuild(plugin),
    ]) {
      rmSync(join(dir, 'out'), { recursive: true, force: true });
      await end();
      expect(written()).toHaveProperty('methods');
    }
  });

  it('writes nothing after an esbuild build with errors', async () => {
    write(decorated('one'));
    await esbuild(medbenchInfo(dir), ['an error']);
    expect(() => written()).toThrow();
  });
});

/** Calls a plugin as esbuild does: runs its setup, then its onEnd callback with the result. */
async function esbuild(plugin: ReturnType<typeof medbenchInfo>, errors: string[] = []): Promise<void> {
  const ends: (() => Promise<void>)[] = [];
  plugin.setup({ onEnd: (done) => ends.push(() => done({ errors })) });
  for (const end of ends) await end();
}
