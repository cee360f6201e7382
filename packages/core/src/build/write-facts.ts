import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { factsOf } from '../catalogue/facts.js';
import { readPlugin } from '../catalogue/manifest.js';
import { pluginClasses } from '../catalogue/materialise.js';
import { MedbenchError } from '../errors.js';

/**
 * Imports the built entry of a plugin package and writes the facts of its decorated classes to the file that
 * `package.json#medbench.facts` names, so that medbench lists the package without importing it.
 * @param dir folder of the package.
 * @returns the file.
 * @throws MedbenchError('plugin') if the manifest names no file, the entry does not load, or exports no decorated class.
 */
export async function writeFacts(dir: string): Promise<string> {
  const plugin = readPlugin(join(dir, 'package.json'), 'built', 'this version');
  if (!plugin.manifest.facts) {
    throw new MedbenchError('plugin', `${plugin.name} does not say where its facts are written`, {
      hint: 'Add "facts": "./dist/medbench.json" to "medbench" in its package.json.',
    });
  }
  const classes = await pluginClasses(plugin);
  if (classes.length === 0) {
    throw new MedbenchError('plugin', `${plugin.name}: "${plugin.manifest.entry ?? '.'}" exports no decorated class`, {
      hint: 'Decorate a class with @Method, @Task or another decorator of @medbench/core, and export it.',
    });
  }
  const file = join(dir, plugin.manifest.facts);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(factsOf(classes), null, 2)}\n`);
  return file;
}
