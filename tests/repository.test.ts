import { existsSync, readFileSync } from 'node:fs';
import { checkPlugin } from '@medbench/core/testing';
import { describe, expect, it } from 'vitest';
import { workspacePackages } from '../scripts/workspace.mjs';

/** The front door is called after the product. */
const packageName = (folder: string): string => (folder === 'medbench' ? folder : `@medbench/${folder}`);

/** The repository's own rules, for every package alike. */
describe.each(workspacePackages())('packages/$name', ({ name, dir, manifest }) => {
  it('has a README that begins with its name, a licence and a description', () => {
    expect(readFileSync(`${dir}/README.md`, 'utf8').startsWith(`# ${packageName(name)}\n`)).toBe(true);
    expect(manifest).toMatchObject({ name: packageName(name), license: 'MIT', type: 'module' });
    expect(manifest.description.length).toBeGreaterThan(20);
  });

  it('was built: every export is there', () => {
    for (const target of Object.values(manifest.exports) as (string | { default: string; types: string })[]) {
      const files = typeof target === 'string' ? [target] : [target.default, target.types];
      for (const file of files) expect(existsSync(`${dir}/${file}`), `${name}/${file}`).toBe(true);
    }
  });

  it.skipIf(!manifest.medbench?.entry)('is a sound plugin', async () => {
    expect(await checkPlugin(dir)).toEqual([]);
  });
});

/** All that a package installs: its dependencies and peers, and those of our own packages among them. */
function installed(name: string, seen = new Set<string>()): Set<string> {
  const manifest = workspacePackages().find((one) => one.manifest.name === name)?.manifest;
  for (const id of Object.keys({ ...manifest?.dependencies, ...manifest?.peerDependencies })) {
    if (seen.has(id)) continue;
    seen.add(id);
    installed(id, seen);
  }
  return seen;
}

describe('what a method installs', () => {
  it.each(workspacePackages().filter(({ name }) => name.startsWith('methods-')))('$name', ({ manifest }) => {
    const all = installed(manifest.name);
    expect(all).not.toContain('@medbench/formats');
    // Decoders of images come only with augmented views.
    expect(all.has('sharp')).toBe(['@medbench/methods-slip', '@medbench/methods-declip'].includes(manifest.name));
  });
});
