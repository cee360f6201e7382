import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, isAbsolute, join, parse, resolve } from 'node:path';
import { MedbenchError, messageOf } from '@medbench/core';
import {
  type Catalogue,
  type CatalogueEntry,
  dependencyNames,
  factsOf,
  listFacts,
  PLUGIN_KEYWORD,
  type PluginPackage,
  pluginClasses,
  readFacts,
  readPackageJson,
  readPlugin,
} from '@medbench/core/catalogue';

export interface DiscoveryOptions {
  /** Where the user stands: the nearest package.json above is searched for dependencies with the keyword. */
  readonly cwd: string;
  /** package.json of the command, whose preset packages are built in. */
  readonly host: string;
  /** Packages or paths named in the configuration. */
  readonly plugins: readonly string[];
}

const CORE_VERSION = (createRequire(import.meta.url)('@medbench/core/package.json') as { version: string }).version;

/** The package.json of a package, resolved from the file that declares the dependency (never by walking folders). */
function resolvePackageJson(name: string, from: string): string | undefined {
  try {
    return createRequire(from).resolve(`${name}/package.json`);
  } catch {
    return undefined;
  }
}

/** The nearest package.json at or above a folder. */
export function nearestPackageJson(cwd: string): string | undefined {
  for (let dir = resolve(cwd); ; dir = dirname(dir)) {
    const file = join(dir, 'package.json');
    if (existsSync(file)) return file;
    if (dir === parse(dir).root) return undefined;
  }
}

function configured(spec: string, cwd: string): PluginPackage {
  const isPath = spec.startsWith('.') || isAbsolute(spec);
  const file = isPath ? join(resolve(cwd, spec), 'package.json') : resolvePackageJson(spec, join(cwd, 'package.json'));
  if (!file || !existsSync(file)) {
    throw new MedbenchError('plugin', `Plugin "${spec}", named in the configuration, is not installed`, {
      hint: isPath ? `There is no ${file}.` : `Install it (npm install ${spec}) or remove it from "plugins".`,
    });
  }
  return readPlugin(file, 'named in the configuration', CORE_VERSION);
}

/** The plugins that a package depends on: those that carry the keyword. */
function dependenciesOf(packageJson: string, why: string): PluginPackage[] {
  return dependencyNames(readPackageJson(packageJson)).flatMap((name) => {
    const file = resolvePackageJson(name, packageJson);
    if (!file) return [];
    const { keywords, medbench } = readPackageJson(file);
    return medbench && keywords?.includes(PLUGIN_KEYWORD) ? [readPlugin(file, why, CORE_VERSION)] : [];
  });
}

/** Preset packages among the host's dependencies, with the plugins they name. */
function builtIn(host: string): { presets: PluginPackage[]; plugins: PluginPackage[] } {
  const presets = dependencyNames(readPackageJson(host)).flatMap((name) => {
    const file = resolvePackageJson(name, host);
    return file && readPackageJson(file).medbench?.presets ? [readPlugin(file, 'built in', CORE_VERSION)] : [];
  });
  return {
    presets,
    plugins: presets.flatMap((preset) => dependenciesOf(join(preset.dir, 'package.json'), `preset ${preset.name}`)),
  };
}

/** The plugins of a package: what its facts say, or what its entry exports where the build wrote none. */
async function entriesOf(plugin: PluginPackage): Promise<CatalogueEntry[]> {
  if (!plugin.manifest.entry) return [];
  const facts = readFacts(plugin) ?? factsOf(await pluginClasses(plugin));
  return listFacts(facts).map(({ kind, info }) => ({ kind, id: info.id, info, package: plugin }));
}

/**
 * Finds every plugin without importing any whose build wrote its facts: those of the configuration, those of the
 * presets that the command ships with, and the dependencies of the nearest package.json that carry `medbench-plugin`.
 * @throws MedbenchError('plugin') on two plugins with one id (both packages named), a plugin for another interface
 *   version, or a configured plugin that is not installed.
 */
export async function discover({ cwd, host, plugins }: DiscoveryOptions): Promise<Catalogue> {
  const shipped = builtIn(host);
  const project = nearestPackageJson(cwd);
  const found = [
    ...plugins.map((spec) => configured(spec, cwd)),
    ...(project ? dependenciesOf(project, `dependency of ${readPackageJson(project).name ?? project}`) : []),
    ...shipped.plugins,
  ];
  const packages = [...new Map(found.map((plugin) => [plugin.dir, plugin])).values()];
  const broken: { package: PluginPackage; reason: string }[] = [];
  const entriesByPackage = await Promise.all(
    packages.map((plugin) =>
      entriesOf(plugin).catch((error: unknown) => {
        broken.push({ package: plugin, reason: messageOf(error) });
        return [];
      }),
    ),
  );
  const entries = entriesByPackage.flat();
  const seen = new Map<string, CatalogueEntry>();
  for (const entry of entries) {
    const key = `${entry.kind} ${entry.id}`;
    const other = seen.get(key);
    if (other) {
      throw new MedbenchError(
        'plugin',
        `Two plugins declare the ${entry.kind} "${entry.id}": ${other.package.name} (${other.package.why}) and ` +
          `${entry.package.name} (${entry.package.why})`,
        { hint: 'Uninstall one of them, or rename its id.' },
      );
    }
    seen.set(key, entry);
  }
  const presets = [...shipped.presets, ...packages].flatMap((plugin) =>
    (plugin.manifest.presets ?? []).map((preset) => ({ ...preset, package: plugin.name })),
  );
  return { packages, broken, entries, presets };
}
