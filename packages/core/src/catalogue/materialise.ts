import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type PluginClass, type PluginMetadata, pluginMetadata } from '../decorators.js';
import { errorMessage, MedbenchError } from '../errors.js';
import { type PluginPackage, readPackageJson } from './manifest.js';

/** A decorated class that a plugin package exports. */
export interface DecoratedClass {
  readonly metadata: PluginMetadata;
  readonly target: PluginClass;
}

/** Conditions of `exports` in package.json that Node uses for an import. */
const CONDITIONS: ReadonlySet<string> = new Set(['node', 'node-addons', 'import', 'module-sync', 'default']);

/** Finds the file that an entry of `exports` resolves to for an import. */
function importTarget(entry: unknown): string | undefined {
  if (typeof entry === 'string') return entry;
  if (typeof entry !== 'object' || entry === null) return undefined;
  for (const [condition, inner] of Object.entries(entry)) {
    const target = CONDITIONS.has(condition) ? importTarget(inner) : undefined;
    if (target !== undefined) return target;
  }
  return undefined;
}

/** Finds the file of a plugin package's entry. A package may import itself by name, so its own `exports` resolve it. */
function entryFile({ name, dir, manifest: { entry = '.' } }: PluginPackage): string {
  const packageJson = join(dir, 'package.json');
  try {
    return createRequire(packageJson).resolve(name + entry.slice(1));
  } catch (error) {
    // `require.resolve` does not find an entry that is exported under the condition `import` only.
    const target = importTarget(readPackageJson(packageJson).exports?.[entry]);
    if (target === undefined) throw error;
    return join(dir, target);
  }
}

/**
 * Imports a plugin package's entry and returns the decorated classes among its exports.
 * @throws MedbenchError('plugin') naming the package if the import fails.
 */
export async function importPluginClasses(plugin: PluginPackage): Promise<DecoratedClass[]> {
  let module: Readonly<Record<string, unknown>>;
  try {
    module = (await import(pathToFileURL(entryFile(plugin)).href)) as Readonly<Record<string, unknown>>;
  } catch (cause) {
    throw new MedbenchError('plugin', `Plugin ${plugin.name} (${plugin.dir}) does not load: ${errorMessage(cause)}`, {
      cause,
      hint: `Reinstall it, or build it if it is a workspace package. It is here because: ${plugin.why}.`,
    });
  }
  return Object.values(module).flatMap((value) => {
    const metadata = pluginMetadata(value);
    return metadata ? [{ metadata, target: value as PluginClass }] : [];
  });
}
