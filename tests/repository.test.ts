import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { ENVIRONMENT } from '@medbench/core';
import { checkPlugin } from '@medbench/core/testing';
import { describe, expect, it } from 'vitest';
import { root, workspacePackages } from '../scripts/workspace.mjs';

/** The name on npm. Packages that users type have no scope. */
const packageName = (folder: string): string =>
  ['medbench', 'create-medbench'].includes(folder) ? folder : `@medbench/${folder}`;

/** Names of packages that the source files of a folder import, without its tests. */
function listImports(dir: string): Set<string> {
  const tracked = execFileSync('git', ['ls-files', '--', `${dir}/src`, `${dir}/bin`], { cwd: root, encoding: 'utf8' });
  const files = tracked.split('\n').filter((file) => /\.[jt]s$/.test(file) && !/\.test\.ts$|\/testing\//.test(file));
  const names = files.flatMap((file) => {
    // An import in a comment, such as an example, does not count.
    const code = readFileSync(`${root}${file}`, 'utf8').replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
    const matches = code.matchAll(
      /^(?:import|export)\s(?:type\s)?[\w\s{},*$]*?from\s['"]([^'"]+)['"]|^import\s['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gm,
    );
    return [...matches].map(([, from, bare, dynamic]) => from ?? bare ?? dynamic!);
  });
  const packages = names.filter((name) => !/^(node:|\.|#)/.test(name));
  return new Set(packages.map((name) => name.split('/', name.startsWith('@') ? 2 : 1).join('/')));
}

/** Rules of the repository that every package follows. */
describe.each(workspacePackages())('packages/$name', ({ name, dir, manifest }) => {
  it('has a README that begins with its name, a licence and a description', () => {
    expect(readFileSync(`${dir}/README.md`, 'utf8').startsWith(`# ${packageName(name)}\n`)).toBe(true);
    expect(manifest).toMatchObject({ name: packageName(name), license: 'MIT', type: 'module' });
    expect(manifest.description.length).toBeGreaterThan(20);
  });

  it('is built: every export exists', () => {
    for (const target of Object.values(manifest.exports) as (string | { default: string; types: string })[]) {
      const files = typeof target === 'string' ? [target] : [target.default, target.types];
      for (const file of files) expect(existsSync(`${dir}/${file}`), `${name}/${file}`).toBe(true);
    }
  });

  it('declares what it imports', () => {
    const declared = Object.keys({
      ...manifest.dependencies,
      ...manifest.optionalDependencies,
      ...manifest.peerDependencies,
    });
    expect([...listImports(dir)].filter((id) => id !== manifest.name && !declared.includes(id))).toEqual([]);
  });

  it.skipIf(!manifest.medbench?.entry)('is a sound plugin', async () => {
    expect(await checkPlugin(dir)).toEqual([]);
  });
});

/**
 * All packages that a package installs: its dependencies and required peers, and recursively those of medbench's own
 * packages.
 */
function installed(name: string, seen = new Set<string>()): Set<string> {
  const manifest = workspacePackages().find((one) => one.manifest.name === name)?.manifest;
  for (const id of Object.keys({ ...manifest?.dependencies, ...manifest?.peerDependencies })) {
    if (seen.has(id) || manifest?.peerDependenciesMeta?.[id]?.optional) continue;
    seen.add(id);
    installed(id, seen);
  }
  return seen;
}

describe('the packages that a method installs', () => {
  it.each(workspacePackages().filter(({ name }) => name.startsWith('methods-')))('$name', ({ manifest }) => {
    const all = installed(manifest.name);
    expect(all).not.toContain('@medbench/formats');
    expect(all).not.toContain('sharp');
  });
});

describe('environment variables', () => {
  it('are those of docs/environment.md, with the same meanings', () => {
    const page = readFileSync(`${root}docs/environment.md`, 'utf8');
    const rows = [...page.matchAll(/^\| `(MEDBENCH_\w+)` +\| (.*?) +\|$/gm)];
    const table = Object.fromEntries(rows.map(([, name, meaning]) => [name!, meaning!.replaceAll('`', '')]));
    expect(table).toEqual(ENVIRONMENT);
  });

  it('are read in one place', () => {
    const files = execFileSync('git', ['grep', '-l', 'process.env.MEDBENCH', '--', 'packages/*/src/*.ts'], {
      cwd: root,
      encoding: 'utf8',
    });
    const sources = files.split('\n').filter((file) => file !== '' && !/\.test\.ts$|\/testing\//.test(file));
    expect(sources).toEqual([]);
  });
});

it('.ci/run runs the commands of npm test', () => {
  const { scripts } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as { scripts: { test: string } };
  const script = readFileSync(`${root}.ci/run`, 'utf8');
  for (const command of scripts.test.split(' && ')) expect(script).toContain(command);
});

describe('dependencies between packages', () => {
  const names = new Map(workspacePackages().map(({ manifest }) => [manifest.name as string, manifest]));
  const below = (name: string): string[] => {
    const { dependencies, peerDependencies } = names.get(name) ?? {};
    return Object.keys({ ...dependencies, ...peerDependencies }).filter((id) => names.has(id));
  };

  it('form no cycle', () => {
    const finished = new Set<string>();
    const visit = (name: string, path: readonly string[]): void => {
      expect(path, `${[...path, name].join(' -> ')} is a circle`).not.toContain(name);
      if (finished.has(name)) return;
      for (const next of below(name)) visit(next, [...path, name]);
      finished.add(name);
    };
    for (const name of names.keys()) visit(name, []);
  });

  it('keep core light for plugin authors: no schema library, no configuration reader, no other package of medbench', () => {
    const { dependencies, peerDependencies } = names.get('@medbench/core')!;
    expect(below('@medbench/core')).toEqual([]);
    expect(Object.keys({ ...dependencies, ...peerDependencies }).sort()).toEqual([
      '@tensorflow/tfjs-core',
      '@types/long',
      'fastest-levenshtein',
      'inversify',
      'pure-rand',
      'reflect-metadata',
    ]);
  });
});
