// Writes the facts of each plugin package's decorated classes into its package.json#medbench, so that listings import
// nothing. Run by the build; with --check it fails instead of writing, for CI.
import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { workspacePackages } from './workspace.mjs';

const check = process.argv.includes('--check');
const { pluginMetadata } = await import('../packages/core/dist/index.js');
const { MANIFEST_KEYS } = await import('../packages/core/dist/catalogue/index.js');
let stale = 0;
for (const { name, dir, manifest } of workspacePackages()) {
  if (!manifest.medbench?.entry) continue;
  const target = manifest.exports[manifest.medbench.entry].default;
  const module = await import(pathToFileURL(`${dir}/${target}`).href);
  const { api, entry } = manifest.medbench;
  const medbench = { api, entry };
  for (const value of Object.values(module)) {
    const metadata = pluginMetadata(value);
    if (!metadata) continue;
    const key = MANIFEST_KEYS[metadata.kind];
    medbench[key] = [...(medbench[key] ?? []), metadata.info];
  }
  for (const infos of Object.values(medbench)) if (Array.isArray(infos)) infos.sort((a, b) => (a.id < b.id ? -1 : 1));
  const file = `${dir}/package.json`;
  const text = `${JSON.stringify({ ...manifest, medbench }, null, 2)}\n`;
  if (text === readFileSync(file, 'utf8')) continue;
  stale++;
  if (check)
    console.error(`packages/${name}/package.json: the manifest does not say what the code does; run pnpm build`);
  else writeFileSync(file, text);
}
if (check && stale > 0) process.exit(1);
