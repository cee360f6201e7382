import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { PLUGIN_API, type PluginKind } from '../decorators.js';
import { errorMessage, MedbenchError } from '../errors.js';
import { parseJson } from '../files/json.js';
import { isRecord } from './is-record.js';

/** Keyword by which plugin packages are found among a project's dependencies. */
export const PLUGIN_KEYWORD = 'medbench-plugin';

/** Key in the info file for each kind of plugin. */
export const MANIFEST_KEYS = {
  method: 'methods',
  objective: 'objectives',
  task: 'tasks',
  encoder: 'encoders',
  corpus: 'corpora',
  backend: 'backends',
  control: 'controls',
  protocol: 'protocols',
  launcher: 'launchers',
  tracker: 'trackers',
} as const satisfies Record<PluginKind, string>;

/** All kinds of plugin. */
export const PLUGIN_KINDS = Object.keys(MANIFEST_KEYS) as readonly PluginKind[];

/** A named bundle of settings that `--preset` selects. `--preset a,b` combines bundles; later ones override earlier ones. */
export interface PresetDeclaration {
  readonly id: string;
  readonly title: string;
  /** Id of the preset whose settings this one starts from; `config` overrides them. */
  readonly extends?: string;
  /** Id of the preset with which `medbench plan` compares this one: it lists what differs. */
  readonly against?: string;
  /** A sentence for whoever chooses the preset, such as a new name. Commands print it on stderr. */
  readonly note?: string;
  /** Settings that override the defaults. The configuration file and the flags override them in turn. */
  readonly config: Readonly<Record<string, unknown>>;
}

/** The manifest of a plugin package, `package.json#medbench`. */
export interface PluginManifest {
  /** Plugin interface that the package was built for, see `PLUGIN_API`. */
  readonly api: number;
  /** Export of the package that has the decorated classes, `.` or `./plugin`. Default: `.`. */
  readonly entry?: string;
  /**
   * File with the info of the decorated classes, such as `./dist/medbench.json`. The build writes it
   * (`@medbench/core/build`), so that listing plugins does not import the package. Without it the entry is imported.
   */
  readonly info?: string;
  readonly presets?: readonly PresetDeclaration[];
}

/** A plugin package that was found. */
export interface PluginPackage {
  readonly name: string;
  readonly version: string;
  readonly dir: string;
  readonly manifest: PluginManifest;
  /** How the package was found: `config`, `preset @medbench/preset-paper`, `dependency of my-lab`. */
  readonly why: string;
  readonly dependencies: readonly string[];
  readonly keywords: readonly string[];
}

interface PackageJson {
  readonly name?: string;
  readonly version?: string;
  readonly keywords?: readonly string[];
  readonly exports?: Readonly<Record<string, unknown>>;
  readonly medbench?: PluginManifest;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** Reads a package.json. @throws MedbenchError('plugin') naming the file if it cannot be read. */
export function readPackageJson(path: string): PackageJson {
  let json: unknown;
  try {
    json = parseJson(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new MedbenchError('plugin', `${path} cannot be read: ${errorMessage(cause)}`, { cause });
  }
  if (isRecord(json)) return json as PackageJson;
  throw new MedbenchError('plugin', `${path} is not an object, as a package.json must be`);
}

/** Lists the names of the dependencies of a package.json, except peer dependencies. */
export function dependencyNames(json: PackageJson): string[] {
  return Object.keys({ ...json.dependencies, ...json.devDependencies, ...json.optionalDependencies });
}

/**
 * Reads a plugin package's manifest.
 * @param why how the package was found.
 * @param coreVersion version of `@medbench/core`, for messages.
 * @throws MedbenchError('plugin') if the package has no manifest, or was built for another plugin interface. The
 *   message names both versions.
 */
export function readPlugin(packageJson: string, why: string, coreVersion: string): PluginPackage {
  const json = readPackageJson(packageJson);
  const name = json.name ?? packageJson;
  if (!json.medbench) {
    throw new MedbenchError('plugin', `${name} has no "medbench" entry in its package.json (${packageJson})`, {
      hint: 'A plugin package declares {"medbench": {"api": 1, "entry": "./plugin"}}.',
    });
  }
  if (json.medbench.api !== PLUGIN_API) {
    const range = json.peerDependencies?.['@medbench/core'] ?? 'of another major version';
    throw new MedbenchError(
      'plugin',
      `${name}@${json.version ?? '?'} is built for plugin interface ${json.medbench.api} (@medbench/core ${range}); ` +
        `this is interface ${PLUGIN_API} (@medbench/core ${coreVersion})`,
      { hint: `Install a version of ${name} for @medbench/core ${coreVersion}, or upgrade medbench.` },
    );
  }
  return {
    name,
    version: json.version ?? '0.0.0',
    dir: dirname(resolve(packageJson)),
    manifest: json.medbench,
    why,
    dependencies: dependencyNames(json),
    keywords: json.keywords ?? [],
  };
}
