import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';

/** Where the command is installed together with other packages. */
export interface Installation {
  /** A package.json that lists what is installed there, if the package manager keeps one. */
  readonly packageJson: string | undefined;
  /** The names of the packages that are installed there, if no package.json lists them. */
  readonly names: readonly string[];
  /** A file from which these packages resolve. */
  readonly from: string;
}

/** Lists the names of the packages in a folder `node_modules`. */
function listPackages(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    if (name.startsWith('.')) return [];
    return name.startsWith('@') ? readdirSync(join(folder, name)).map((inner) => `${name}/${inner}`) : [name];
  });
}

/**
 * Finds the outermost installation that a package is part of, such as the global one of npm, pnpm, bun or yarn, or that
 * of `npx -p`. npm keeps its global packages in a folder without package.json, the others beside one.
 * @param file the package.json of a package of the command.
 * @returns undefined if the package is not in a folder `node_modules`, as in a checkout.
 */
export function findInstallation(file: string): Installation | undefined {
  const parts = dirname(realpathSync(file)).split(sep);
  // pnpm links to its store `.pnpm`, which is in `node_modules` or, for global packages, may be beside it.
  const at = parts.findIndex((part) => part === 'node_modules' || part === '.pnpm');
  if (at < 1) return undefined;
  const root = parts.slice(0, at).join(sep);
  const packageJson = join(root, 'package.json');
  if (existsSync(packageJson)) return { packageJson, names: [], from: packageJson };
  const modules = join(root, 'node_modules');
  return existsSync(modules) ? { packageJson: undefined, names: listPackages(modules), from: packageJson } : undefined;
}
