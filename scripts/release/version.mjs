// node scripts/release/version.mjs: gives all packages the next version, which the changesets in `.changeset` ask for,
// and moves what they say to the changelog. All packages share one version. changesets' own `version` is not used: it
// makes every release that changes a peer a major one, but the peer range of core admits minor releases.
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { root as repository } from '../workspace.mjs';

const KINDS = ['patch', 'minor', 'major'];

/** @returns the changesets of a checkout: which kind of release each asks for, and what it says. */
export function readChangesets(root = repository) {
  const folder = join(root, '.changeset');
  return readdirSync(folder)
    .filter((name) => name.endsWith('.md') && name !== 'README.md')
    .map((name) => {
      const file = join(folder, name);
      const match = readFileSync(file, 'utf8').match(/^---\n([\s\S]*?)---\n([\s\S]*)$/);
      const kinds = [...(match?.[1] ?? '').matchAll(/: *["']?(patch|minor|major)/g)].map(([, kind]) => kind);
      if (kinds.length === 0) throw new Error(`${file} names no patch, minor or major release: run npx changeset.`);
      return { file, kind: KINDS[Math.max(...kinds.map((kind) => KINDS.indexOf(kind)))], text: match[2].trim() };
    });
}

/** The version after another one. */
export function nextVersion(version, kind) {
  const [major, minor, patch] = version.split('.').map(Number);
  if (kind === 'major') return `${major + 1}.0.0`;
  return kind === 'minor' ? `${major}.${minor + 1}.0` : `${major}.${minor}.${patch + 1}`;
}

/** Gives all packages the next version. @returns it, or undefined if there is no changeset. */
export function applyChangesets(root = repository, date = new Date()) {
  const changesets = readChangesets(root);
  if (changesets.length === 0) return undefined;
  const kind = KINDS[Math.max(...changesets.map((changeset) => KINDS.indexOf(changeset.kind)))];
  const current = JSON.parse(readFileSync(join(root, 'packages/medbench/package.json'), 'utf8')).version;
  const version = nextVersion(current, kind);
  for (const name of readdirSync(join(root, 'packages'))) {
    const file = join(root, 'packages', name, 'package.json');
    if (!existsSync(file)) continue;
    // Only the version changes, so the file keeps its form.
    writeFileSync(file, readFileSync(file, 'utf8').replace(/^( {2}"version": )"[^"]+"/m, `$1"${version}"`));
  }
  const log = join(root, 'CHANGELOG.md');
  const [head, ...rest] = readFileSync(log, 'utf8').split('## Unreleased\n');
  const texts = changesets.map(({ text }) => `- ${text.replaceAll('\n', '\n  ')}`).join('\n');
  const day = date.toISOString().slice(0, 10);
  writeFileSync(log, `${head}## Unreleased\n\n## ${version} (${day})\n\n${texts}\n${rest.join('## Unreleased\n')}`);
  for (const { file } of changesets) rmSync(file);
  return version;
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const version = applyChangesets();
  console.log(version ? `All packages are ${version}` : 'There is no changeset: run npx changeset first.');
}
