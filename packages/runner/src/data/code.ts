import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hashJson } from '@medbench/core';
import { type CatalogueEntry, PLUGIN_KEYWORD, readPackageJson } from '@medbench/core/catalogue';

/** Packages that compute figures but hold no plugin of their own, seen from this one. */
const LIBRARIES = ['@medbench/core', '@medbench/nn', '@medbench/data', '@medbench/training', '@medbench/evaluation'];
/** What a package publishes that no program reads. */
const IGNORED = /(^|\/)(node_modules|\.[^/]*|tests?)(\/|$)|\.(map|md|d\.[cm]?ts|test\.[cm]?[jt]s)$/;

const digests = new Map<string, string>();
const contents = new Map<string, string>();

/** Returns a value from a map, which makes it at first use. */
function remember(map: Map<string, string>, key: string, make: () => string): string {
  const value = map.get(key) ?? make();
  map.set(key, value);
  return value;
}

/** Folder of an installed package, seen from another; undefined if it is not installed. */
function findPackage(name: string, from: string): string | undefined {
  const folders = createRequire(join(from, 'package.json')).resolve.paths(name) ?? [];
  const found = folders.map((folder) => join(folder, name)).find((folder) => existsSync(join(folder, 'package.json')));
  return found === undefined ? undefined : realpathSync(found);
}

/** Hash of the files that a package runs: of its build if it has one, else of all that it publishes. */
const hashContents = (dir: string): string =>
  remember(contents, dir, () => {
    const { files } = readPackageJson(join(dir, 'package.json')) as { readonly files?: readonly string[] };
    const built = existsSync(join(dir, 'dist'));
    const roots = files ?? (built ? ['dist'] : ['.']);
    const hash = createHash('sha256');
    const add = (path: string): void => {
      const name = path.slice(dir.length + 1).replaceAll('\\', '/');
      if (IGNORED.test(name)) return;
      hash.update(`${JSON.stringify(name)}${createHash('sha256').update(readFileSync(path)).digest('hex')}\n`);
    };
    const visit = (path: string): void => {
      if (!existsSync(path)) return;
      for (const entry of readdirSync(path, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
        const below = join(path, entry.name);
        if (IGNORED.test(entry.name)) continue;
        if (entry.isDirectory()) visit(below);
        else if (entry.isFile()) add(below);
      }
    };
    for (const root of roots) if (!(built && root.replace(/^\.\//, '') === 'src')) visit(join(dir, root));
    return hash.digest('hex');
  });

/**
 * Hash of the code of a package and of every package of medbench or with plugins that it depends on; of other
 * dependencies, names and versions.
 */
const digestPackage = (dir: string): string =>
  remember(digests, dir, () => {
    const seen = new Set<string>();
    const parts: unknown[] = [];
    const visit = (folder: string): void => {
      if (seen.has(folder)) return;
      seen.add(folder);
      const { name, version, dependencies, peerDependencies } = readPackageJson(join(folder, 'package.json'));
      parts.push([name, version, hashContents(folder)]);
      for (const dependency of Object.keys({ ...dependencies, ...peerDependencies }).sort()) {
        const found = findPackage(dependency, folder);
        if (found === undefined) continue;
        const json = readPackageJson(join(found, 'package.json'));
        const ours = dependency.startsWith('@medbench/') || json.medbench || json.keywords?.includes(PLUGIN_KEYWORD);
        if (ours) visit(found);
        else parts.push([json.name, json.version]);
      }
    };
    visit(dir);
    return hashJson(parts);
  });

const here = dirname(fileURLToPath(import.meta.url));

/** Hash of the code of the libraries that compute figures. */
const digestLibraries = (): string =>
  remember(digests, 'libraries', () =>
    hashJson(
      LIBRARIES.map((name) => findPackage(name, here)).map((dir) => (dir === undefined ? null : digestPackage(dir))),
    ),
  );

/**
 * Identifies a plugin in cache keys by its package, id and code: a change of its code, of code that it imports from
 * medbench and other plugins, or of the libraries that compute figures may change the figures.
 */
export function pluginIdentity({ id, package: { name, version, dir } }: CatalogueEntry): string {
  const installed = dir !== '' && existsSync(join(dir, 'package.json'));
  const code = hashJson([installed ? digestPackage(realpathSync(dir)) : null, digestLibraries()]);
  return `${name}@${version}/${id}#${code.slice(0, 16)}`;
}

/** For tests: forgets what was read, as a new process would. */
export function forgetCode(): void {
  digests.clear();
  contents.clear();
}
