import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { KINDS } from 'create-medbench';
import { plan } from 'medbench';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { medbench, medbenchSeries, repository, temporaryFolder } from './support/cli.js';
import { selected } from './support/full.js';

// Creates a folder of each kind, and stands in for `npm install` by links to the workspace. `npm run bench:scaffold`
// installs and publishes.

const temporary = temporaryFolder('scaffold');
afterAll(() => temporary.dispose());
const lab = temporary.path;
const kinds = Object.keys(KINDS);
const plugins = kinds.filter((kind) => kind !== 'study');
/** Kinds whose own tests run: of something that trains, and of something that reads. */
const SAMPLE = ['method', 'task'];
const tested = selected(
  'own tests of',
  kinds.map((kind) => [kind] as const),
  SAMPLE,
).map(([kind]) => kind);
const name = 'my-own';
const folderFor = (kind: string): string => join(lab, `medbench-${kind}-${name}`);

/** Path of an installed package. */
function locate(packageName: string): string {
  const places = [
    join(repository, 'packages', packageName.replace('@medbench/', '')),
    join(repository, 'node_modules', packageName),
    join(repository, 'tests/node_modules', packageName),
  ];
  const place = places.find(existsSync);
  if (place === undefined) throw new Error(`${packageName} is not installed`);
  return realpathSync(place);
}

/** Links a package's declared dependencies, and nothing else, into its folder. */
function install(folder: string): void {
  const { dependencies, peerDependencies, devDependencies } = JSON.parse(
    readFileSync(join(folder, 'package.json'), 'utf8'),
  );
  for (const dependency of Object.keys({ ...dependencies, ...peerDependencies, ...devDependencies })) {
    const link = join(folder, 'node_modules', dependency);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(locate(dependency), link);
  }
}

/** Runs a tool of the workspace as a user would: without the variables of this test run. */
const call = (cwd: string, tool: string, script: string, ...args: string[]) =>
  spawnSync(process.execPath, [join(repository, 'node_modules', tool, script), ...args], {
    cwd,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, HOME: process.env.HOME, NO_COLOR: '1' },
  });

describe('a new folder of each kind, unedited', () => {
  beforeAll(async () => {
    const commands = kinds.map((kind) => ['new', kind, name]);
    for (const [i, { code, stdout, stderr }] of (await medbenchSeries(commands, { cwd: lab })).entries()) {
      const kind = kinds[i]!;
      expect([code, stderr, stdout]).toEqual([0, '', expect.stringContaining(`Created medbench-${kind}-${name}`)]);
      install(folderFor(kind));
    }
  });

  it('builds, and writes its info', () => {
    for (const kind of plugins) {
      const { status, stderr } = call(folderFor(kind), 'tsup', 'dist/cli-default.js');
      expect(status, stderr).toBe(0);
      const info = JSON.parse(readFileSync(join(folderFor(kind), 'dist/medbench.json'), 'utf8'));
      expect(Object.values<{ id: string }[]>(info).flat()).toEqual([expect.objectContaining({ id: name })]);
    }
  });

  it('compiles', () => {
    const { compilerOptions } = JSON.parse(readFileSync(join(folderFor('method'), 'tsconfig.json'), 'utf8'));
    const include = kinds.flatMap((kind) => {
      const own = JSON.parse(readFileSync(join(folderFor(kind), 'tsconfig.json'), 'utf8'));
      return own.include.map((pattern: string) => join(folderFor(kind), pattern));
    });
    // One run of the compiler for all folders, which share their options.
    writeFileSync(
      join(lab, 'tsconfig.json'),
      JSON.stringify({ compilerOptions: { ...compilerOptions, types: [] }, include }),
    );
    const { status, stdout } = call(lab, 'typescript-7', 'bin/tsc', '-p', lab);
    expect(stdout).toBe('');
    expect(status).toBe(0);
  });

  it('passes its own tests', () => {
    symlinkSync(join(repository, 'node_modules'), join(lab, 'node_modules'));
    const projects = JSON.stringify(tested.map((kind) => `medbench-${kind}-${name}`));
    writeFileSync(join(lab, 'vitest.config.mjs'), `export default { test: { projects: ${projects} } };\n`);
    const { status, stdout, stderr } = call(lab, 'vitest', 'vitest.mjs', 'run', '--reporter=verbose');
    expect(status, stdout + stderr).toBe(0);
    for (const kind of tested) expect(stdout).toContain(`medbench-${kind}-${name}`);
    expect(stdout).toContain('a gradient for each parameter');
    expect(stdout).toMatch(new RegExp(`Test Files\\s+${tested.length} passed`));
  }, 240_000);

  it('passes medbench check', async () => {
    const { code, stdout } = await medbench(['check', lab, '--json'], { cwd: lab });
    const checked: { name: string; faults: string[] }[] = JSON.parse(stdout);
    expect(checked.map(({ name, faults }) => [name, faults])).toEqual(
      [...plugins].sort().map((kind) => [`medbench-${kind}-${name}`, []]),
    );
    expect(code).toBe(0);
  });

  it.each(plugins)('has settings for a first run: %s', async (kind) => {
    // The eager backend makes no estimate of the memory, which takes most of the time of a plan.
    const eager = kind === 'backend' ? {} : { backend: 'wasm' };
    const { rows, tasks, corpora, encoders } = await plan({ cwd: folderFor(kind), ...eager });
    expect(rows.filter(({ error }) => error !== undefined)).toEqual([]);
    const planned = [...rows.map(({ id }) => id), ...tasks, ...corpora, encoders.image].join(' ');
    if (kind !== 'protocol') expect(planned).toContain(name);
  });
});

describe('medbench new', () => {
  it('refuses an unknown kind with exit code 2 and suggests one, and refuses a folder with files', async () => {
    const commands = [
      ['new', 'corpsu', name],
      ['new', 'method', name],
    ];
    const [kind, files] = await medbenchSeries(commands, { cwd: lab });
    expect([kind!.code, kind!.stderr]).toEqual([2, expect.stringContaining('Did you mean "corpus"?')]);
    expect([files!.code, files!.stderr]).toEqual([2, expect.stringContaining('has files already')]);
  });

  it('is listed in the help', () => {
    expect(
      execFileSync(process.execPath, [join(repository, 'packages/medbench/bin/medbench.js'), '--help'], {
        encoding: 'utf8',
      }),
    ).toMatch(/\n {2}new /);
  });
});
