import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PluginInfo, PluginKind } from '../decorators.js';
import { MedbenchError, messageOf } from '../errors.js';
import { MANIFEST_KEYS, PLUGIN_KINDS, type PluginPackage } from './manifest.js';
import type { MaterialisedClass } from './materialise.js';

/** The facts of a package's decorated classes, by kind, each sorted by id: the contents of `dist/medbench.json`. */
export type PluginFacts = { readonly [K in PluginKind as (typeof MANIFEST_KEYS)[K]]?: readonly PluginInfo<K>[] };

/** A plugin as its facts name it. */
export interface PluginFact {
  readonly kind: PluginKind;
  readonly info: PluginInfo;
}

/** The facts of classes, as the build writes them. */
export function factsOf(classes: readonly MaterialisedClass[]): PluginFacts {
  const byKind = PLUGIN_KINDS.map((kind) => {
    const infos = classes.filter(({ metadata }) => metadata.kind === kind).map(({ metadata }) => metadata.info);
    return [MANIFEST_KEYS[kind], infos.sort((a, b) => (a.id < b.id ? -1 : 1))] as const;
  });
  return Object.fromEntries(byKind.filter(([, infos]) => infos.length > 0)) as PluginFacts;
}

/** The plugins that facts name, kind by kind. */
export const listFacts = (facts: PluginFacts): PluginFact[] =>
  PLUGIN_KINDS.flatMap((kind) => (facts[MANIFEST_KEYS[kind]] ?? []).map((info) => ({ kind, info })));

/**
 * Reads the facts that the build of a package wrote; undefined if the package names no file, or was not built with one.
 * @throws MedbenchError('plugin') if the file is no JSON object.
 */
export function readFacts(plugin: PluginPackage): PluginFacts | undefined {
  const { facts } = plugin.manifest;
  if (facts === undefined) return undefined;
  const file = join(plugin.dir, facts);
  if (!existsSync(file)) return undefined;
  try {
    const read: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof read !== 'object' || read === null || Array.isArray(read)) throw new Error('it holds no JSON object');
    return read as PluginFacts;
  } catch (cause) {
    throw new MedbenchError(
      'plugin',
      `The facts of plugin ${plugin.name} cannot be read (${file}): ${messageOf(cause)}`,
      {
        cause,
        hint: `Build or reinstall ${plugin.name}.`,
      },
    );
  }
}
