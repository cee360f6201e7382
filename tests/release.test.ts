import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { checkPackage, Package } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { afterAll, describe, expect, it } from 'vitest';
import { publish } from '../scripts/release/publish.mjs';
import { missingLinks, stage } from '../scripts/release/stage.mjs';
import { applyChangesets } from '../scripts/release/version.mjs';
import { repository, temporaryFolder } from './support/cli.js';

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly types?: string;
  readonly publishConfig?: object;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: object;
}

const folder = temporaryFolder('release');
afterAll(() => folder.dispose());
const version = '0.7.3';
const staged = stage(join(folder.path, 'staged'), { version, onlyHere: true });
const readManifest = (dir: string): Manifest => JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8'));
const packages = staged.map((dir) => ({ dir, manifest: readManifest(dir), name: readManifest(dir).name }));

/** The files of a folder with their paths below it. */
const listFiles = (dir: string): string[] =>
  readdirSync(dir, { recursive: true, encoding: 'utf8' }).filter((name) => statSync(join(dir, name)).isFile());

describe('the staged packages', () => {
  it('are all of the workspace, and the runtime of this machine', () => {
    const here = readdirSync(join(repository, 'packages')).length;
    expect(packages.length).toBe(here + 1);
    for (const { manifest } of packages) {
      expect(manifest.version).toBe(version);
      expect(manifest.publishConfig).toEqual({ access: 'public', provenance: true });
    }
  });

  it('have ranges that a minor release does not break', () => {
    for (const { name, manifest } of packages) {
      const { dependencies, peerDependencies, devDependencies } = manifest;
      expect(devDependencies).toBeUndefined();
      for (const [id, range] of Object.entries({ ...dependencies, ...peerDependencies }))
        if (!name.includes('onnxruntime-')) expect(range, `${name} needs ${id}`).toMatch(/^(\^|>=)\d/);
      for (const [id, range] of Object.entries(peerDependencies ?? {}))
        if (id.startsWith('@medbench/')) expect(range, `${name} needs ${id}`).toBe(`>=${version} <1`);
    }
  });

  it('have a licence and a README, and neither tests, sources, the private condition nor source maps', () => {
    for (const { name, dir } of packages) {
      const files = listFiles(dir);
      expect(files, name).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'package.json']));
      expect(
        // The tests in templates are those of a new plugin.
        files.filter((file) => /\.test\.|\.map$|^src|^test/.test(file) && !file.startsWith('templates/')),
        name,
      ).toEqual([]);
      expect(readFileSync(join(dir, 'package.json'), 'utf8')).not.toMatch(/@medbench\/source|workspace:|catalog:/);
      if (name.includes('onnxruntime-')) continue;
      for (const file of files.filter((one) => one.endsWith('.js')))
        expect(readFileSync(join(dir, file), 'utf8'), `${name}/${file}`).not.toMatch(/^\/\/# sourceMappingURL=/m);
    }
  });

  it('satisfy publint', async () => {
    for (const { dir, name } of packages)
      expect((await publint({ pkgDir: dir, pack: false, strict: true })).messages, name).toEqual([]);
  });

  it('have types that resolve as Node and bundlers resolve the code', async () => {
    for (const { dir, name, manifest } of packages) {
      const files = Object.fromEntries(
        listFiles(dir)
          .filter((file) => /\.(js|ts|json)$/.test(file))
          .map((file) => [`/node_modules/${name}/${file}`, readFileSync(join(dir, file), 'utf8')]),
      );
      const result = await checkPackage(new Package(files, name, manifest.version));
      if (!result.types) continue;
      // The packages are ES modules for Node 20 and newer. Older resolution and `require` are not for them.
      const problems = result.problems.filter(
        (problem) => !('resolutionKind' in problem && /^(node10|node16-cjs)$/.test(problem.resolutionKind)),
      );
      expect(problems, name).toEqual([]);
    }
  });
});

describe('a release', () => {
  it.skipIf(missingLinks() === undefined)('is refused without the links of the owner', () => {
    expect(() => stage(join(folder.path, 'checked'), { check: true })).toThrow(
      /set repository\.url, homepage and bugs/,
    );
    expect(() => publish()).toThrow(/set repository\.url, homepage and bugs/);
  });

  it('says in a dry run what it would publish: first what others need', () => {
    const lines: string[] = [];
    const specs = publish({ dryRun: true, onlyHere: true, log: (line) => lines.push(line) });
    const names = specs.map((spec) => spec.slice(0, spec.lastIndexOf('@')));
    expect(names.sort()).toEqual(packages.map(({ name }) => name).sort());
    const order = (name: string): number => lines.findIndex((line) => line.startsWith(`${name}@`));
    expect(order('@medbench/core')).toBeLessThan(order('@medbench/nn'));
    expect(order('@medbench/nn')).toBeLessThan(order('@medbench/methods-clip'));
    expect(order('@medbench/cli')).toBeLessThan(order('medbench'));
    expect(lines.at(-1)).toMatch(/^\d+ packages would be published, [\d.]+ MB$/);
  }, 120_000);

  it('gives all packages the version that the changesets ask for, and moves what they say to the changelog', () => {
    const root = join(folder.path, 'checkout');
    const write = (name: string, text: string): void => {
      mkdirSync(dirname(join(root, name)), { recursive: true });
      writeFileSync(join(root, name), text);
    };
    write('packages/medbench/package.json', '{\n  "name": "medbench",\n  "version": "0.1.4"\n}\n');
    write(
      'packages/core/package.json',
      '{\n  "name": "@medbench/core",\n  "version": "0.1.4",\n  "files": ["dist"]\n}\n',
    );
    write('CHANGELOG.md', '# Changelog\n\n## Unreleased\n\n## 0.1.4\n');
    write('.changeset/README.md', '# Changesets\n');
    expect(applyChangesets(root)).toBeUndefined();
    write('.changeset/one.md', '---\n"medbench": patch\n---\n\nA fault is fixed.\n');
    write('.changeset/two.md', "---\n'medbench': minor\n---\n\nA method is new.\n");
    expect(applyChangesets(root, new Date('2031-02-03'))).toBe('0.2.0');
    expect(readFileSync(join(root, 'packages/core/package.json'), 'utf8')).toContain(
      '"version": "0.2.0",\n  "files": ["dist"]',
    );
    expect(readManifest(join(root, 'packages/medbench')).version).toBe('0.2.0');
    expect(readFileSync(join(root, 'CHANGELOG.md'), 'utf8')).toContain(
      '## Unreleased\n\n## 0.2.0 (2031-02-03)\n\n- A fault is fixed.\n- A method is new.\n\n## 0.1.4\n',
    );
    expect(existsSync(join(root, '.changeset/one.md'))).toBe(false);
    write('.changeset/none.md', '---\n---\n\nNothing.\n');
    expect(() => applyChangesets(root)).toThrow('names no patch, minor or major release');
  });

  it('has a configuration that changesets accepts', () => {
    const config = JSON.parse(readFileSync(join(repository, '.changeset/config.json'), 'utf8'));
    expect(config.fixed).toEqual([['medbench', '@medbench/*']]);
    const { privatePackages } = config;
    expect(privatePackages).toEqual({ version: false, tag: false });
  });
});

describe('the workflows', () => {
  const workflow = (name: string): string => readFileSync(join(repository, '.github/workflows', name), 'utf8');

  it('publish with the identity of the workflow, without a token', () => {
    const text = workflow('release.yml');
    expect(text).toMatch(/^ {2}id-token: write$/m);
    expect(text).not.toMatch(/NODE_AUTH_TOKEN|NPM_TOKEN|secrets\./);
    for (const [, script] of text.matchAll(/node (scripts\/\S+\.mjs)/g))
      expect(existsSync(join(repository, script!)), script).toBe(true);
  });

  it('run the checks of every change on each version of Node that is supported', () => {
    expect(workflow('ci.yml')).toContain('node: [20, 22, 24]');
    expect(workflow('ci.yml')).toContain('run: .ci/run');
    const listed = execFileSync('git', ['ls-files', '-s', '.ci/run'], { cwd: repository, encoding: 'utf8' });
    expect(listed).toMatch(/^100755/);
  });
});
