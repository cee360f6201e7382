import { readFileSync } from 'node:fs';

const readJson = (path: string): Record<string, unknown> =>
  JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as Record<string, unknown>;

/** The version of this package, which is released with all others of medbench. */
export const version = readJson('../package.json').version as string;

/** Ranges of packages outside medbench. The build writes them from the versions with which medbench is tested. */
const catalog = readJson('../dist/ranges.json') as Readonly<Record<string, string>>;

const isMedbench = (name: string): boolean => name === 'medbench' || name.startsWith('@medbench/');

/** Returns the range of a package that is installed for development. @throws RangeError for an unknown package. */
export function developmentRange(name: string): string {
  const range = isMedbench(name) ? `^${version}` : catalog[name];
  if (range === undefined) throw new RangeError(`The versions of the repository do not include ${name}`);
  return range;
}

/**
 * Returns the range of a package that a plugin shares with medbench. Minor releases do not break plugins, so the range
 * admits them.
 */
export const peerRange = (name: string): string =>
  isMedbench(name) ? `>=${version} <${Number(version.split('.')[0]) + 1}` : developmentRange(name);
