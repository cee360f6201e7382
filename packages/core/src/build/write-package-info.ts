import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readPlugin } from '../catalogue/manifest.js';
import { importPluginClasses } from '../catalogue/materialise.js';
import { collectInfo } from '../catalogue/package-info.js';
import { MedbenchError } from '../errors.js';

/**
 * Imports the built entry of a plugin package and writes the info of its decorated classes to the file that
 * `package.json#medbench.info` names, so that medbench can list the plugins without importing the package.
 * @param dir folder of the package.
 * @returns path of the file.
 * @throws MedbenchError('plugin') if the manifest names no file, or the entry does not load or exports no decorated
 *   class.
 */
export async function writePackageInfo(dir: string): Promise<string> {
  const plugin = readPlugin(join(dir, 'package.json'), 'built', 'this version');
  if (!plugin.manifest.info) {
    throw new MedbenchError('plugin', `${plugin.name} does not name the file for its info`, {
      hint: 'Add "info": "./dist/medbench.json" to "medbench" in its package.json.',
    });
  }
  const classes = await importPluginClasses(plugin);
  if (classes.length === 0) {
    throw new MedbenchError('plugin', `${plugin.name}: "${plugin.manifest.entry ?? '.'}" exports no decorated class`, {
      hint: 'Decorate a class with @Method, @Task or another decorator of @medbench/core, and export it.',
    });
  }
  const file = join(dir, plugin.manifest.info);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(collectInfo(classes), null, 2)}\n`);
  return file;
}
