import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { infoAdvice, infoFaults } from '../catalogue/check-info.js';
import { PLUGIN_KEYWORD, type PluginPackage, readPlugin } from '../catalogue/manifest.js';
import { type DecoratedClass, importPluginClasses } from '../catalogue/materialise.js';
import { collectInfo, listPlugins, type PackageInfo, readPackageInfo } from '../catalogue/package-info.js';
import { errorMessage, isMedbenchError } from '../errors.js';

/** Packages that must exist only once in a process. */
const PEERS = ['@medbench/core', '@tensorflow/tfjs-core'];

/** Lists plugins whose info in the written file differs from their info in the code. */
function staleInfo(plugin: PluginPackage, classes: readonly DecoratedClass[]): string[] {
  const { info } = plugin.manifest;
  const written = readPackageInfo(plugin);
  if (info === undefined) return [];
  if (!written)
    return [`${info}, named in package.json#medbench.info, does not exist: build with @medbench/core/build`];
  const byPlugin = (packageInfo: PackageInfo) =>
    new Map(listPlugins(packageInfo).map(({ kind, info }) => [`${kind} "${info.id}"`, JSON.stringify(info)]));
  const [inFile, inCode] = [byPlugin(written), byPlugin(collectInfo(classes))];
  return [...new Set([...inFile.keys(), ...inCode.keys()])]
    .filter((plugin) => inFile.get(plugin) !== inCode.get(plugin))
    .map((plugin) => `${plugin}: ${info} differs from the code; build the package again`);
}

/**
 * Checks a built plugin package before it is published: its manifest, its info, the packages that must be peer
 * dependencies, and whether the info file matches the code.
 * @param dir folder of the package.
 * @returns one message per fault; empty if there are none.
 *
 * @example
 * ```ts
 * import { checkPlugin } from '@medbench/core/testing';
 * import { expect, it } from 'vitest';
 *
 * it('is a sound plugin package', async () => {
 *   expect(await checkPlugin('.')).toEqual([]);
 * });
 * ```
 */
export async function checkPlugin(dir: string): Promise<string[]> {
  const file = join(dir, 'package.json');
  if (!existsSync(file)) return [`${file} does not exist`];
  const json = JSON.parse(readFileSync(file, 'utf8')) as {
    readonly private?: boolean;
    readonly keywords?: readonly string[];
    readonly exports?: Readonly<Record<string, unknown>>;
    readonly dependencies?: Readonly<Record<string, string>>;
  };
  const problems: string[] = [];
  // A private package is loaded by its path, so it needs no keyword.
  if (!json.private && !json.keywords?.includes(PLUGIN_KEYWORD))
    problems.push(`add the keyword "${PLUGIN_KEYWORD}" to "keywords"`);
  if (json.exports && !json.exports['./package.json']) {
    problems.push('"./package.json" is not exported; add "./package.json": "./package.json" to "exports"');
  }
  for (const peer of PEERS) {
    if (!json.dependencies?.[peer]) continue;
    problems.push(`${peer} is a dependency; make it a peer dependency, because two copies do not recognise each other`);
  }
  try {
    const plugin = readPlugin(file, 'checked', 'this version');
    const classes = await importPluginClasses(plugin);
    if (classes.length === 0) problems.push('the entry exports no decorated class; decorate one and export it');
    for (const { metadata, target } of classes) {
      const messages = [...infoFaults(metadata), ...infoAdvice(metadata)];
      problems.push(...messages.map((problem) => `class ${target.name}, ${problem}`));
    }
    problems.push(...staleInfo(plugin, classes));
  } catch (error) {
    problems.push(isMedbenchError(error) && error.hint ? `${error.message}. ${error.hint}` : errorMessage(error));
  }
  return problems;
}
