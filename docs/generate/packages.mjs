import { readdirSync, readFileSync } from 'node:fs';
import { docs, writeGenerated } from './files.mjs';
import { code, prose, table } from './markdown.mjs';

/** Writes the list of all packages, from their package.json. */
export function writePackages() {
  const folder = `${docs}../packages`;
  const manifests = readdirSync(folder).map((name) =>
    JSON.parse(readFileSync(`${folder}/${name}/package.json`, 'utf8')),
  );
  const rows = manifests.map(({ name, description }) => [code(name), prose(description)]);
  writeGenerated('generated/packages.md', table(['package', 'what it has'], rows));
}
