import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type PluginClass, type PluginMetadata, pluginMetadata } from '../decorators.js';
import { MedbenchError, messageOf } from '../errors.js';
import type { PluginPackage } from './manifest.js';

export interface MaterialisedClass {
  readonly metadata: PluginMetadata;
  readonly target: PluginClass;
}

/**
 * Imports a plugin package's entry and returns the decorated classes among its exports.
 * @throws MedbenchError('plugin') naming the package if the import fails.
 */
export async function pluginClasses(plugin: PluginPackage): Promise<MaterialisedClass[]> {
  const entry = plugin.manifest.entry ?? '.';
  let module: Readonly<Record<string, unknown>>;
  try {
    // A package may always import itself by name, so its own exports map says where the entry is.
    const file = createRequire(join(plugin.dir, 'package.json')).resolve(plugin.name + entry.slice(1));
    module = (await import(pathToFileURL(file).href)) as Readonly<Record<string, unknown>>;
  } catch (cause) {
    throw new MedbenchError('plugin', `Plugin ${plugin.name} (${plugin.dir}) does not load: ${messageOf(cause)}`, {
      cause,
      hint: `Reinstall it, or build it if it is a workspace package. It is here because: ${plugin.why}.`,
    });
  }
  return Object.values(module).flatMap((value) => {
    const metadata = pluginMetadata(value);
    return metadata ? [{ metadata, target: value as PluginClass }] : [];
  });
}
