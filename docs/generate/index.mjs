// Writes the generated parts of the reference, from the built packages: node generate/index.mjs
import { existsSync } from 'node:fs';
import { docs } from './files.mjs';

if (!existsSync(`${docs}../packages/medbench/dist`)) {
  console.error('The packages are not built: run node scripts/with-pnpm.mjs setup, then try again.');
  process.exit(1);
}
const [
  { writeApi },
  { writeCards },
  { writeCommandLine },
  { writeConfiguration },
  { writeDataCards },
  { writePackages },
] = await Promise.all([
  import('./api.mjs'),
  import('./cards.mjs'),
  import('./command-line.mjs'),
  import('./configuration.mjs'),
  import('./data-cards.mjs'),
  import('./packages.mjs'),
]);
writeConfiguration();
writeCommandLine();
writeCards();
writeDataCards();
writePackages();
await writeApi();
