// npm run bench:install [-- --managers npm,pnpm,bun --keep FOLDER]
// Installs medbench as a user does: stages all packages, publishes them to a registry on loopback, and installs
// `medbench` in an empty folder outside the workspace with each package manager, without flags. Only the registries can
// be reached: a proxy that refuses every connection stands in the way of all other hosts. Then lists, checks the
// backends and makes a tiny run. Prints seconds, packages and MB.
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { startRegistry } from '../../scripts/release/registry.mjs';
import { stage } from '../../scripts/release/stage.mjs';
import { root } from '../../scripts/workspace.mjs';
import { printJson } from '../print-json.mjs';

const run = promisify(execFile);
const { values } = parseArgs({
  options: { managers: { type: 'string', default: 'npm,pnpm,bun' }, keep: { type: 'string' } },
});
const BUN = 'bun@1.3.4';
const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

const folder = values.keep ? resolve(values.keep) : mkdtempSync(join(tmpdir(), 'medbench-install-'));
mkdirSync(folder, { recursive: true });

/** Environment in which a package manager reaches the registry alone, with caches of its own. */
function isolatedEnvironment(address, name) {
  const npmrc = join(folder, 'npmrc');
  writeFileSync(npmrc, `registry=${address}\n${address.slice(5)}:_authToken=anonymous\n`);
  const nowhere = 'http://127.0.0.1:9';
  return {
    ...Object.fromEntries(Object.entries(process.env).filter(([key]) => !/^npm_|^ONNXRUNTIME|^MEDBENCH/i.test(key))),
    ...{ NPM_CONFIG_USERCONFIG: npmrc, npm_config_cache: join(folder, `cache-${name}`), npm_config_registry: address },
    ...{ HTTP_PROXY: nowhere, HTTPS_PROXY: nowhere, http_proxy: nowhere, https_proxy: nowhere },
    ...{ NO_PROXY: '127.0.0.1,localhost', no_proxy: '127.0.0.1,localhost' },
    ...{ BUN_INSTALL_CACHE_DIR: join(folder, 'cache-bun'), MEDBENCH_CACHE: join(folder, `data-${name}`) },
  };
}

/** Size of a folder in bytes, and the number of packages in it. Links are not followed. */
function measureFolder(path) {
  let bytes = 0;
  let packages = 0;
  const walk = (dir) => {
    for (const entry of readdirSync(dir, { withFileTypes: true })) {
      const file = join(dir, entry.name);
      if (entry.isDirectory()) walk(file);
      else if (entry.isFile()) {
        bytes += statSync(file).size;
        if (/node_modules\/(@[^/]+\/)?[^@/][^/]*\/package\.json$/.test(file)) packages++;
      }
    }
  };
  walk(path);
  return { bytes, packages };
}

const INSTALL = {
  npm: ['npm', ['install', 'medbench']],
  pnpm: ['npx', ['--yes', packageManager, 'add', 'medbench', `--store-dir=${join(folder, 'store')}`]],
  bun: ['npx', ['--yes', BUN, 'add', 'medbench']],
};

const TINY = [
  'run',
  '--preset',
  'demo',
  '--methods',
  'clip-scratch',
  '--tasks',
  'phantom-retrieval',
  '--set',
  'training.steps=4',
  '--set',
  'training.warmup=1',
  '--set',
  'training.batchSize=8',
  '--set',
  'controls=[]',
  '--out',
  'run',
];

/** Installs with one package manager, uses what it installed, and measures. */
async function measure(manager, address) {
  const cwd = join(folder, `project-${manager}`);
  mkdirSync(cwd);
  writeFileSync(join(cwd, 'package.json'), '{ "name": "project", "private": true, "type": "module" }\n');
  const env = isolatedEnvironment(address, manager);
  const [command, args] = INSTALL[manager];
  // The package manager itself is fetched before the clock starts.
  if (command === 'npx') await run(command, [...args.slice(0, 2), '--version'], { cwd, env });
  const began = performance.now();
  await run(command, args, { cwd, env, maxBuffer: 1 << 26 });
  const seconds = (performance.now() - began) / 1000;
  const medbench = (...words) => run(join(cwd, 'node_modules/.bin/medbench'), words, { cwd, env, maxBuffer: 1 << 26 });
  const methods = JSON.parse((await medbench('list', 'methods', '--json')).stdout).length;
  const doctor = JSON.parse((await medbench('doctor', '--json')).stdout);
  await medbench(...TINY);
  const { cells, run: record } = JSON.parse(readFileSync(join(cwd, 'run/results.json'), 'utf8'));
  if (cells.some(({ status }) => status !== 'ok')) throw new Error(`${manager}: a cell failed`);
  const { bytes, packages } = measureFolder(join(cwd, 'node_modules'));
  return {
    manager,
    seconds: Number(seconds.toFixed(1)),
    packages,
    MB: Math.round(bytes / 1e6),
    methods,
    backend: record.backend,
    doctor: doctor.length,
  };
}

const registry = await startRegistry();
try {
  const env = isolatedEnvironment(registry.address, 'publish');
  const staged = stage(join(folder, 'staged'));
  const began = performance.now();
  for (const dir of staged)
    await run('npm', ['publish', dir, '--provenance=false', '--loglevel=error'], { env, maxBuffer: 1 << 26 });
  console.log(`${staged.length} packages published in ${((performance.now() - began) / 1000).toFixed(0)} s\n`);
  console.log('| manager | seconds | packages | MB | backend of the run |\n|---|---|---|---|---|');
  const rows = [];
  for (const manager of values.managers.split(',')) {
    const row = await measure(manager, registry.address);
    console.log(`| ${row.manager} | ${row.seconds} | ${row.packages} | ${row.MB} | ${row.backend} |`);
    rows.push(row);
  }
  printJson({ bench: 'install', node: process.versions.node, platform: `${process.platform}-${process.arch}`, rows });
} finally {
  registry.stop();
  if (!values.keep) rmSync(folder, { recursive: true, force: true });
}
