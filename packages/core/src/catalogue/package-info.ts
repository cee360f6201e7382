import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PluginInfo, PluginKind } from '../decorators.js';
import { errorMessage, MedbenchError } from '../errors.js';
import { MANIFEST_KEYS, PLUGIN_KINDS, type PluginPackage } from './manifest.js';
import type { DecoratedClass } from './materialise.js';

/** The info of a package's decorated classes, by kind, each sorted by id: the contents of `dist/medbench.json`. */
export type PackageInfo = { readonly [K in PluginKind as (typeof MANIFEST_KEYS)[K]]?: readonly PluginInfo<K>[] };

/** A plugin that the info of a package declares. */
export interface DeclaredPlugin {
  readonly kind: PluginKind;
  readonly info: PluginInfo;
}

/** Collects the info of decorated classes in the form that the build writes. */
export function collectInfo(classes: readonly DecoratedClass[]): PackageInfo {
  const byKind = PLUGIN_KINDS.map((kind) => {
    const infos = classes.filter(({ metadata }) => metadata.kind === kind).map(({ metadata }) => metadata.info);
    return [MANIFEST_KEYS[kind], infos.sort((a, b) => (a.id < b.id ? -1 : 1))] as const;
  });
  return Object.fromEntries(byKind.filter(([, infos]) => infos.length > 0)) as PackageInfo;
}

/** Lists the plugins that the info of a package declares, kind by kind. */
export const listPlugins = (info: PackageInfo): DeclaredPlugin[] =>
  PLUGIN_KINDS.flatMap((kind) => (info[MANIFEST_KEYS[kind]] ?? []).map((info) => ({ kind, info })));

/**
 * Reads the info file that the build of a package wrote.
 * @returns undefined if the manifest names no file or the file does not exist.
 * @throws MedbenchError('plugin') if the file is not a JSON object.
 */
export function readPackageInfo(plugin: PluginPackage): PackageInfo | undefined {
  const { info } = plugin.manifest;
  if (info === undefined) return undefined;
  const file = join(plugin.dir, info);
  if (!existsSync(file)) return undefined;
  try {
    const parsed: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
      throw new Error('it is not a JSON object');
    return parsed as PackageInfo;
  } catch (cause) {
    throw new MedbenchError(
      'plugin',
      `The info of plugin ${plugin.name} cannot be read (${file}): ${errorMessage(cause)}`,
      {
        cause,
        hint: `Build or reinstall ${plugin.name}.`,
      },
    );
  }
}
