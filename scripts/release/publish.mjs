// node scripts/release/publish.mjs [--dry-run] [--only-here]: stages all packages and publishes to npm those whose
// version it does not have. `--dry-run` publishes nothing: it packs each and prints what would be published.
// `--only-here` leaves out the runtimes for other machines. It logs in by trusted publishing: npm exchanges the identity
// of the workflow for a right to publish, so there is no token (npm 11.5.1 or newer).
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { missingLinks, stage } from './stage.mjs';

const npm = (...args) => execFileSync('npm', args, { encoding: 'utf8', maxBuffer: 1 << 28 });
const readManifest = (folder) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));

/** Sorts packages so that each comes after those that it needs: nobody then installs one before its dependencies. */
export function releaseOrder(folders) {
  const byName = new Map(folders.map((folder) => [readManifest(folder).name, folder]));
  const sorted = new Set();
  const visit = (folder) => {
    if (sorted.has(folder)) return;
    const { dependencies, optionalDependencies, peerDependencies } = readManifest(folder);
    for (const id of Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies }))
      if (byName.has(id)) visit(byName.get(id));
    sorted.add(folder);
  };
  for (const folder of folders) visit(folder);
  return [...sorted];
}

/** Whether npm has this version already, so that a release that stopped half way can be repeated. */
function isPublished({ name, version }) {
  try {
    return npm('view', `${name}@${version}`, 'version').trim() === version;
  } catch (error) {
    if (/E404/.test(String(error.stderr))) return false;
    throw error;
  }
}

/** Refuses an npm that cannot log in without a token. */
function checkNpm() {
  const [major, minor, patch] = npm('--version').trim().split('.').map(Number);
  if (major * 1e6 + minor * 1e3 + patch < 11_005_001)
    throw new Error('Trusted publishing needs npm 11.5.1 or newer: npm install --global npm@11.');
}

const size = (bytes) => `${(bytes / 1e6).toFixed(2)} MB`;

/** Publishes all packages. @returns the names with versions. */
export function publish({ dryRun = false, onlyHere = false, log = console.log } = {}) {
  const links = missingLinks();
  if (links !== undefined && dryRun) log(`A release would be refused. ${links}`);
  const out = mkdtempSync(join(tmpdir(), 'medbench-release-'));
  try {
    const folders = releaseOrder(stage(out, { check: !dryRun, onlyHere }));
    const specs = folders.map(readManifest).map(({ name, version }) => `${name}@${version}`);
    if (dryRun) {
      const packed = JSON.parse(npm('pack', '--dry-run', '--json', '--ignore-scripts', '--loglevel=error', ...folders));
      for (const { name, version, entryCount, size: bytes } of packed)
        log(`${name}@${version}: ${entryCount} files, ${size(bytes)}`);
      log(
        `${packed.length} packages would be published, ${size(packed.reduce((sum, { size: bytes }) => sum + bytes, 0))}`,
      );
      return specs;
    }
    checkNpm();
    for (const folder of folders) {
      const manifest = readManifest(folder);
      if (isPublished(manifest)) log(`${manifest.name}@${manifest.version} is published already`);
      else log(npm('publish', folder, '--ignore-scripts').trim());
    }
    return specs;
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { 'dry-run': { type: 'boolean' }, 'only-here': { type: 'boolean' } } });
  publish({ dryRun: values['dry-run'], onlyHere: values['only-here'] });
}
