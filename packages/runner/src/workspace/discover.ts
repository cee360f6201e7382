import { existsSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, isAbsolute, join, parse, resolve } from 'node:path';
import { errorMessage, isMedbenchError, MedbenchError } from '@medbench/core';
import {
  type BrokenPackage,
  type Catalogue,
  type CatalogueEntry,
  collectInfo,
  type DeclaredPlugin,
  dependencyNames,
  importPluginClasses,
  infoFaults,
  listPlugins,
  PLUGIN_KEYWORD,
  type PluginPackage,
  readPackageInfo,
  readPackageJson,
  readPlugin,
  type SuspectPackage,
} from '@medbench/core/catalogue';
import { inheritSettings } from '../config/presets.js';
import { CORE_VERSION } from '../core-version.js';
import { findInstallation } from './beside.js';
import { refusePlugAndPlay } from './plug-and-play.js';

/** Where to look for plugins. */
export interface DiscoveryOptions {
  /** The user's working directory. The dependencies of the nearest package.json at or above it may be plugins. */
  readonly cwd: string;
  /** Path of the command's package.json. Its dependencies include the built-in preset packages. */
  readonly host: string;
  /** Plugin packages or paths that the configuration names. */
  readonly plugins: readonly string[];
  /** Take neither the project's plugins, nor those beside the command, nor those of the configuration. Default false. */
  readonly builtInOnly?: boolean;
}

/** Path of an installed package's package.json, and whether the package exports it. */
interface Installed {
  readonly file: string;
  readonly exported: boolean;
}

/**
 * Finds the package.json of a package, resolved from the file that declares the dependency. If `exports` hides it, it
 * is looked up in the folders that Node searches, so that messages can name the package.
 */
function findInstalled(name: string, from: string): Installed | undefined {
  const require = createRequire(from);
  try {
    return { file: require.resolve(`${name}/package.json`), exported: true };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_PACKAGE_PATH_NOT_EXPORTED') return undefined;
    const file = (require.resolve.paths(name) ?? []).map((dir) => join(dir, name, 'package.json')).find(existsSync);
    return file === undefined ? undefined : { file: realpathSync(file), exported: false };
  }
}

/** Returns the nearest package.json at or above a folder. */
export function nearestPackageJson(cwd: string): string | undefined {
  for (let dir = resolve(cwd); ; dir = dirname(dir)) {
    const file = join(dir, 'package.json');
    if (existsSync(file)) return file;
    if (dir === parse(dir).root) return undefined;
  }
}

/** Reads a plugin package that the configuration names. @throws MedbenchError('plugin') if it is not installed. */
function readConfigured(spec: string, cwd: string): PluginPackage {
  const isPath = spec.startsWith('.') || isAbsolute(spec);
  const file = isPath ? join(resolve(cwd, spec), 'package.json') : findInstalled(spec, join(cwd, 'package.json'))?.file;
  if (!file || !existsSync(file)) {
    throw new MedbenchError('plugin', `Plugin "${spec}", named in the configuration, is not installed`, {
      hint: isPath ? `There is no ${file}.` : `Install it (npm install ${spec}) or remove it from "plugins".`,
    });
  }
  return readPlugin(file, 'named in the configuration', CORE_VERSION);
}

/** Plugin packages among the dependencies of a package, and packages that only look like plugins. */
interface FoundPlugins {
  readonly plugins: readonly PluginPackage[];
  readonly suspects: readonly SuspectPackage[];
}

/** Lists what to change in the package.json of a package that looks like a plugin but is not one. */
function manifestFaults({ keywords, medbench }: ReturnType<typeof readPackageJson>, exported: boolean): string[] {
  const faults: string[] = [];
  if (!keywords?.includes(PLUGIN_KEYWORD)) faults.push(`add "${PLUGIN_KEYWORD}" to "keywords"`);
  if (!medbench) faults.push('add "medbench": { "api": 1, "entry": "." }');
  if (!exported) faults.push('add "./package.json": "./package.json" to "exports"');
  return faults;
}

/**
 * Finds the plugins that a package depends on: they carry the keyword, have a manifest and export their package.json.
 */
function findDependencies(packageJson: string, why: string): FoundPlugins {
  return findPlugins(dependencyNames(readPackageJson(packageJson)), packageJson, why);
}

/** Finds the plugins among named packages, resolved from a file. */
function findPlugins(names: readonly string[], from: string, why: string): FoundPlugins {
  const plugins: PluginPackage[] = [];
  const suspects: SuspectPackage[] = [];
  for (const name of names) {
    const dependency = findInstalled(name, from);
    if (!dependency) continue;
    const json = readPackageJson(dependency.file);
    if (!json.keywords?.includes(PLUGIN_KEYWORD) && json.medbench?.entry === undefined) continue;
    const faults = manifestFaults(json, dependency.exported);
    if (faults.length === 0) plugins.push(readPlugin(dependency.file, why, CORE_VERSION));
    else {
      const reason = `it looks like a plugin but is not taken as one; in its package.json, ${faults.join(' and ')}`;
      suspects.push({ name, version: json.version ?? '0.0.0', dir: dirname(dependency.file), why, reason });
    }
  }
  return { plugins, suspects };
}

/** Finds the plugins that are installed together with the command, such as other global packages. */
function findBeside(host: string): FoundPlugins {
  const installation = findInstallation(host);
  if (!installation) return { plugins: [], suspects: [] };
  const { packageJson, names, from } = installation;
  return findPlugins(
    packageJson === undefined ? names : dependencyNames(readPackageJson(packageJson)),
    from,
    'installed beside medbench',
  );
}

/** Finds the preset packages among the host's dependencies, and the plugins that those depend on. */
function findBuiltIn(host: string): FoundPlugins & { readonly presets: readonly PluginPackage[] } {
  const presets = dependencyNames(readPackageJson(host)).flatMap((name) => {
    const dependency = findInstalled(name, host);
    return dependency && readPackageJson(dependency.file).medbench?.presets
      ? [readPlugin(dependency.file, 'built in', CORE_VERSION)]
      : [];
  });
  const fromPresets = presets.map((preset) =>
    findDependencies(join(preset.dir, 'package.json'), `preset ${preset.name}`),
  );
  return {
    presets,
    plugins: fromPresets.flatMap(({ plugins }) => plugins),
    suspects: fromPresets.flatMap(({ suspects }) => suspects),
  };
}

/**
 * Lists the plugins of a package from the info file that its build wrote or, if there is none, from the exports of its
 * entry.
 * @throws MedbenchError('plugin') if the package does not load or has no plugin.
 */
async function pluginsInPackage(plugin: PluginPackage): Promise<DeclaredPlugin[]> {
  const { entry, presets } = plugin.manifest;
  if (entry === undefined && presets) return [];
  const info = listPlugins(readPackageInfo(plugin) ?? collectInfo(await importPluginClasses(plugin)));
  if (info.length > 0) return info;
  throw new MedbenchError('plugin', `its entry "${entry ?? '.'}" exports no decorated class; decorate and export one`);
}

/** Describes an error and its hint in one line without a final full stop. */
const describeError = (error: unknown): string =>
  isMedbenchError(error) && error.hint ? `${error.message}. ${error.hint.replace(/\.$/, '')}` : errorMessage(error);

/** Returns the catalogue entries of a package. If one of its plugins is faulty, the whole package is broken. */
async function readEntries(plugin: PluginPackage): Promise<{ entries: CatalogueEntry[]; broken: BrokenPackage[] }> {
  let info: DeclaredPlugin[];
  try {
    info = await pluginsInPackage(plugin);
  } catch (error) {
    return { entries: [], broken: [{ package: plugin, reason: describeError(error) }] };
  }
  const faults = info.flatMap(infoFaults);
  if (faults.length > 0) {
    const kinds = [...new Set(info.map(({ kind }) => kind))];
    return { entries: [], broken: [{ package: plugin, reason: faults.join('; '), kinds }] };
  }
  return { entries: info.map(({ kind, info }) => ({ kind, id: info.id, info, package: plugin })), broken: [] };
}

/**
 * Finds all plugins: those that the configuration names, those of the built-in presets, and packages with the keyword
 * `medbench-plugin` that the nearest package.json depends on or that are installed beside the command. The project's
 * copy of a package comes before the one beside the command. It imports a plugin only if its build wrote no info file.
 * @throws MedbenchError('plugin') on two plugins with one id (both packages named), a plugin for another interface
 *   version, a preset that extends an unknown one, or a configured plugin that is not installed; ('usage') under yarn's Plug'n'Play.
 */
export async function discover({ cwd, host, plugins: named, builtInOnly }: DiscoveryOptions): Promise<Catalogue> {
  refusePlugAndPlay();
  const shipped = findBuiltIn(host);
  const plugins = builtInOnly ? [] : named;
  const project = builtInOnly ? undefined : nearestPackageJson(cwd);
  const fromProject = project
    ? findDependencies(project, `dependency of ${readPackageJson(project).name ?? project}`)
    : { plugins: [], suspects: [] };
  const nearer = [...plugins.map((spec) => readConfigured(spec, cwd)), ...fromProject.plugins];
  const names = new Set([...nearer, ...fromProject.suspects].map(({ name }) => name));
  const beside = builtInOnly ? { plugins: [], suspects: [] } : findBeside(host);
  const candidates = [...nearer, ...beside.plugins.filter(({ name }) => !names.has(name)), ...shipped.plugins];
  const packages = [...new Map(candidates.map((plugin) => [plugin.dir, plugin])).values()];
  // A package that the configuration names is used, even if its package.json looks incomplete.
  const usedFolders = new Set(packages.map(({ dir }) => dir));
  const suspects = [
    ...fromProject.suspects,
    ...beside.suspects.filter(({ name }) => !names.has(name)),
    ...shipped.suspects,
  ].filter(({ dir }) => !usedFolders.has(dir));
  const contents = await Promise.all(packages.map(readEntries));
  const entries = contents.flatMap((content) => content.entries);
  const broken = contents.flatMap((content) => content.broken);
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
  return { packages, broken, suspects, entries, presets: inheritSettings(presets) };
}
