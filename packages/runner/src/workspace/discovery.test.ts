import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { nearestName, selectEntries } from '@medbench/core/catalogue';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { discover } from './index.js';
import { refusePlugAndPlay } from './plug-and-play.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'medbench-plugins-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const write = (path: string, value: unknown): void => {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), typeof value === 'string' ? value : JSON.stringify(value));
};

const method = (id: string) => ({ id, title: id, question: 'baseline', extension: true, settings: {}, source: 'test' });
/** Writes a plugin package as its build leaves it: package.json with the manifest, and a file with the info. */
const built = (dir: string, name: string, info: object | undefined, overrides: object = {}) => {
  write(`${dir}/package.json`, {
    name,
    version: '1.2.3',
    keywords: ['medbench-plugin'],
    exports: { '.': './index.js', './package.json': './package.json' },
    medbench: { api: 1, entry: '.', info: './dist/medbench.json' },
    ...overrides,
  });
  if (info) write(`${dir}/dist/medbench.json`, info);
};
const plugin = (name: string, info: object | undefined, overrides: object = {}) =>
  built(`node_modules/${name}`, name, info, overrides);
const project = (...dependencies: string[]) =>
  write('package.json', { name: 'lab', dependencies: Object.fromEntries(dependencies.map((name) => [name, '*'])) });
const find = (plugins: string[] = []) => discover({ cwd: root, host: join(root, 'host/package.json'), plugins });

describe('discover', () => {
  beforeEach(() => write('host/package.json', { name: 'host' }));

  it('finds the dependencies that carry the keyword, and says why each was found', async () => {
    plugin('a', { methods: [method('one')] });
    plugin('b', { methods: [method('two')] }, { keywords: [] });
    project('a', 'b');
    const { entries } = await find();
    expect(entries.map(({ id, package: { why } }) => [id, why])).toEqual([['one', 'dependency of lab']]);
  });

  it('reports packages that look like plugins but are not, with the missing line', async () => {
    plugin('no-keyword', { methods: [method('one')] }, { keywords: [] });
    plugin('no-field', undefined, { medbench: undefined });
    plugin('hidden', { methods: [method('two')] }, { exports: { '.': './index.js' } });
    write('node_modules/library/package.json', { name: 'library', exports: { '.': './index.js' } });
    write('node_modules/preset/package.json', { name: 'preset', medbench: { api: 1, presets: [] } });
    project('no-keyword', 'no-field', 'hidden', 'library', 'preset', 'not-installed');
    const { entries, suspects, broken } = await find();
    expect([entries, broken]).toEqual([[], []]);
    const looks = 'it looks like a plugin but is not taken as one; in its package.json, ';
    expect(suspects.map(({ name, reason }) => [name, reason])).toEqual([
      ['no-keyword', `${looks}add "medbench-plugin" to "keywords"`],
      ['no-field', `${looks}add "medbench": { "api": 1, "entry": "." }`],
      ['hidden', `${looks}add "./package.json": "./package.json" to "exports"`],
    ]);
    // A package that the configuration names is used all the same.
    const named = await find(['no-keyword', 'hidden']);
    expect(named.entries.map(({ id }) => id)).toEqual(['one', 'two']);
    expect(named.suspects.map(({ name }) => name)).toEqual(['no-field']);
  });

  it('refuses faulty info, and names the package, the plugin and what to change', async () => {
    const settings = {
      depth: { default: 9, min: 0, max: 1, description: 'd' },
      mode: { default: 'c', choices: ['a', 'b'] },
    };
    plugin('odd', {
      methods: [{ ...method('new'), question: 'novelty', settings }],
      tasks: [{ id: 'Bad_Id', modality: 'radiology', kind: 'ranking', access: 'secret' }],
    });
    plugin('sound', { methods: [method('one')] });
    project('odd', 'sound');
    const catalogue = await find();
    expect(catalogue.entries.map(({ id }) => id)).toEqual(['one']);
    expect(catalogue.broken.map(({ package: { name }, reason }) => [name, reason.split('; ')])).toEqual([
      [
        'odd',
        [
          'method "new": question is "novelty"',
          'make it one of baseline, transfer, unimodal, granularity',
          'method "new": the default of the setting "depth" is 9, out of its bounds 0 to 1',
          'change one of them',
          'method "new": the default of the setting "mode" is c',
          'make it one of its choices a, b',
          'task "Bad_Id": the id is not kebab-case',
          'write it in lower case with single hyphens',
          'task "Bad_Id": access is "secret"',
          'make it one of open, agreement, credentialed, generated',
        ],
      ],
    ]);
    expect(() => selectEntries(catalogue, 'method', ['all'])).toThrow(
      /^"all" would leave methods out\. odd cannot be used: method "new"/,
    );
    expect(selectEntries(catalogue, 'method', ['one'])).toHaveLength(1);
    // The broken package declares no encoder, so "all" may be used for encoders.
    expect(() => selectEntries(catalogue, 'encoder', ['all'])).toThrow('No encoder is selected');
  });

  it('finds packages and paths that the configuration names, with or without the keyword', async () => {
    plugin('b', { methods: [method('two')] }, { keywords: [] });
    built('mine', 'mine', { methods: [method('three')] }, { keywords: [] });
    project();
    const { entries } = await find(['b', './mine']);
    expect(entries.map(({ id }) => id)).toEqual(['two', 'three']);
    await expect(find(['absent'])).rejects.toThrow('"absent", named in the configuration, is not installed');
  });

  it('finds the plugins of the built-in presets', async () => {
    write('host/package.json', { name: 'host', dependencies: { set: '*' } });
    write('host/node_modules/set/package.json', {
      name: 'set',
      dependencies: { inner: '*' },
      medbench: { api: 1, presets: [{ id: 'p', title: 'P', config: {} }] },
    });
    built('host/node_modules/set/node_modules/inner', 'inner', { methods: [method('deep')] });
    project();
    const { entries, presets } = await find();
    expect(entries.map(({ id }) => id)).toEqual(['deep']);
    expect(presets.map(({ id }) => id)).toEqual(['p']);
  });

  describe('beside the command', () => {
    const names = async (host: string) => {
      const { entries } = await discover({ cwd: join(root, 'lab'), host: join(root, host), plugins: [] });
      return entries.map(({ id, package: { version, why } }) => [id, version, why]);
    };
    const host = (dir: string) => write(`${dir}/package.json`, { name: '@medbench/api' });
    const beside = 'installed beside medbench';
    beforeEach(() => write('lab/package.json', { name: 'lab' }));

    it('finds the global packages of npm, which no package.json lists', async () => {
      host('lib/node_modules/medbench/node_modules/@medbench/api');
      built('lib/node_modules/one', 'one', { methods: [method('one')] });
      built('lib/node_modules/@lab/two', '@lab/two', { methods: [method('two')] });
      built('lib/node_modules/one/node_modules/nested', 'nested', { methods: [method('nested')] });
      write('lib/node_modules/typescript/package.json', { name: 'typescript' });
      expect(await names('lib/node_modules/medbench/node_modules/@medbench/api/package.json')).toEqual([
        ['two', '1.2.3', beside],
        ['one', '1.2.3', beside],
      ]);
    });

    it.each(['global/5/.pnpm', 'global/5/node_modules/.pnpm'])(
      'finds the global packages of pnpm, whose store is %s',
      async (store) => {
        write('global/5/package.json', { dependencies: { medbench: '1', one: '1' } });
        host(`${store}/@medbench+api@1/node_modules/@medbench/api`);
        built(`${store}/one@1/node_modules/one`, 'one', { methods: [method('one')] });
        built('global/5/node_modules/not-listed', 'not-listed', { methods: [method('other')] });
        symlinkSync(join(root, store, 'one@1/node_modules/one'), join(root, 'global/5/node_modules/one'));
        expect(await names(`${store}/@medbench+api@1/node_modules/@medbench/api/package.json`)).toEqual([
          ['one', '1.2.3', beside],
        ]);
      },
    );

    it("takes the project's copy of a package first", async () => {
      host('lib/node_modules/@medbench/api');
      built('lib/node_modules/one', 'one', { methods: [method('one')] });
      built('lab/node_modules/one', 'one', { methods: [method('one')] }, { version: '2.0.0' });
      write('lab/package.json', { name: 'lab', dependencies: { one: '2' } });
      expect(await names('lib/node_modules/@medbench/api/package.json')).toEqual([
        ['one', '2.0.0', 'dependency of lab'],
      ]);
    });
  });

  it('imports a plugin if its build wrote no info', async () => {
    const metadata = { api: 1, kind: 'method', info: method('bare') };
    write(
      'node_modules/c/index.js',
      `class A {}; Object.defineProperty(A, Symbol.for('medbench.plugin'), { value: ${JSON.stringify(metadata)} }); exports.A = A;`,
    );
    plugin('c', undefined);
    project('c');
    expect((await find()).entries.map(({ id }) => id)).toEqual(['bare']);
  });

  it('lists a package that does not load as broken, with the reason, and continues', async () => {
    plugin('a', { methods: [method('one')] });
    plugin('c', undefined, { medbench: { api: 1, entry: './missing' } });
    project('a', 'c');
    const catalogue = await find();
    expect(catalogue.entries.map(({ id }) => id)).toEqual(['one']);
    expect(catalogue.broken.map(({ package: { name } }) => name)).toEqual(['c']);
    expect(() => selectEntries(catalogue, 'method', ['two'])).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('Plugin c') }),
    );
    for (const kind of ['method', 'task'] as const) {
      expect(() => selectEntries(catalogue, kind, ['all'])).toThrow(
        expect.objectContaining({
          code: 'plugin',
          message: expect.stringMatching(
            /^"all" would leave \w+ out\. c cannot be used: Plugin c .* does not load: .*It is here because/,
          ),
          hint: expect.stringContaining('in place of "all"'),
        }),
      );
    }
    expect(selectEntries(catalogue, 'method', ['one'])).toHaveLength(1);
  });

  it('lists a package without a decorated class as broken', async () => {
    plugin('c', undefined);
    write('node_modules/c/index.js', 'exports.plain = 1;');
    project('c');
    expect((await find()).broken.map(({ reason }) => reason)).toEqual([
      'its entry "." exports no decorated class; decorate and export one',
    ]);
  });

  it('names both packages that declare the same id', async () => {
    plugin('a', { methods: [method('same')] });
    plugin('b', { methods: [method('same')] });
    project('a', 'b');
    await expect(find()).rejects.toThrow(/method "same": a .* and b /);
  });

  it('refuses a plugin for another interface version, and names both versions', async () => {
    plugin('a', {}, { medbench: { api: 2 }, peerDependencies: { '@medbench/core': '^9.0.0' } });
    project('a');
    await expect(find()).rejects.toThrow(
      /a@1\.2\.3 is built for plugin interface 2 \(@medbench\/core \^9\.0\.0\); this is interface 1/,
    );
  });
});

describe('refusePlugAndPlay', () => {
  it("names yarn's Plug'n'Play and the setting that helps, and accepts everything else", () => {
    expect(() => refusePlugAndPlay('3')).toThrow(
      expect.objectContaining({
        message: "medbench does not run under yarn's Plug'n'Play",
        hint: expect.stringContaining('nodeLinker: node-modules'),
      }),
    );
    expect(refusePlugAndPlay()).toBeUndefined();
  });
});

describe('select', () => {
  it('returns all, or ids in the given order, and suggests the nearest id for an unknown one', async () => {
    plugin('a', { methods: [method('clip'), method('siglip')] });
    project('a');
    write('host/package.json', { name: 'host' });
    const catalogue = await find();
    const ids = (selector: string[]) => selectEntries(catalogue, 'method', selector).map(({ id }) => id);
    expect(ids(['all'])).toEqual(['clip', 'siglip']);
    expect(ids(['siglip,clip', 'siglip'])).toEqual(['siglip', 'clip']);
    expect(() => ids(['sigclip'])).toThrow('Unknown method "sigclip"');
    expect(() => ids([''])).toThrow('No method is selected');
    const presets = [
      { id: 'mine', title: 'Mine', package: 'x', config: { methods: ['siglip', 'clip'], tasks: ['bach'] } },
      { id: 'clip', title: 'Of the name of a method', package: 'x', config: { methods: ['siglip'] } },
    ];
    const select = (selector: string) =>
      selectEntries({ ...catalogue, presets }, 'method', [selector]).map(({ id }) => id);
    expect(select('mine')).toEqual(['siglip', 'clip']);
    expect(select('clip,mine')).toEqual(['clip', 'siglip']);
    expect(() => selectEntries({ ...catalogue, presets }, 'control', ['mine'])).toThrow('Unknown control "mine"');
    expect(nearestName('sigclip', ['clip', 'siglip'])).toBe('siglip');
    expect(nearestName('zzzzzz', ['clip', 'siglip'])).toBeUndefined();
  });
});
