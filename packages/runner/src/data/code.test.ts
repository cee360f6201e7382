import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { CatalogueEntry } from '@medbench/core/catalogue';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { forgetCode, pluginIdentity } from './code.js';

let lab: string;
beforeEach(() => {
  lab = mkdtempSync(join(tmpdir(), 'medbench-code-'));
});
afterEach(() => rmSync(lab, { recursive: true }));

const write = (name: string, content: string | object): void => {
  mkdirSync(dirname(join(lab, name)), { recursive: true });
  writeFileSync(join(lab, name), typeof content === 'string' ? content : JSON.stringify(content));
};
/** A plugin package with a build, a helper that holds a plugin, and a dependency of another kind. */
function install(): void {
  write('plugin/package.json', {
    ...{ name: 'plugin', version: '1.0.0', files: ['dist', 'src', 'assets'], medbench: { api: 1 } },
    dependencies: { helper: '1', other: '1' },
  });
  write('plugin/dist/index.js', 'export const a = 1;');
  write('plugin/assets/table.bin', '1');
  write('helper/package.json', { name: 'helper', version: '1.0.0', keywords: ['medbench-plugin'] });
  write('helper/index.js', 'export const b = 1;');
  write('other/package.json', { name: 'other', version: '1.0.0' });
  write('other/index.js', '1');
  mkdirSync(join(lab, 'plugin/node_modules'));
  for (const name of ['helper', 'other']) symlinkSync(join(lab, name), join(lab, 'plugin/node_modules', name));
}
const identity = (): string => {
  forgetCode();
  const plugin = { name: 'plugin', version: '1.0.0', dir: join(lab, 'plugin') };
  return pluginIdentity({ kind: 'task', id: 'it', info: {}, package: plugin } as unknown as CatalogueEntry);
};

it('names package, version, plugin and code', () => {
  install();
  expect(identity()).toMatch(/^plugin@1\.0\.0\/it#[0-9a-f]{16}$/);
});

it.each([
  ['its built code', 'plugin/dist/index.js'],
  ['a new file of its build', 'plugin/dist/new.js'],
  ['an asset', 'plugin/assets/table.bin'],
  ['the code of a plugin that it imports', 'helper/index.js'],
  ['the version of another dependency', 'other/package.json'],
])('changes with %s', (_, name) => {
  install();
  const before = identity();
  write(name, name.endsWith('package.json') ? { name: 'other', version: '1.0.1' } : 'changed');
  expect(identity()).not.toBe(before);
});

it.each([
  ['sources that were not built', 'plugin/src/index.ts'],
  ['maps, types and texts', 'plugin/dist/index.js.map'],
  ['types', 'plugin/dist/index.d.ts'],
  ['a README', 'plugin/dist/README.md'],
  ['files that it does not publish', 'plugin/notes.txt'],
  ['the code of another dependency, which has a version', 'other/index.js'],
])('does not change with %s', (_, name) => {
  install();
  const before = identity();
  write(name, 'changed');
  expect(identity()).toBe(before);
});

it('of a package without a build or a list of files covers all its code', () => {
  write('plugin/package.json', { name: 'plugin', version: '1.0.0' });
  write('plugin/index.mjs', '1');
  write('plugin/lib/deep.mjs', '1');
  const before = identity();
  write('plugin/lib/deep.mjs', '2');
  expect(identity()).not.toBe(before);
});
