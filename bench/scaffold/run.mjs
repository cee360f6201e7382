// npm run bench:scaffold [-- --keep FOLDER]
// Goes the way of an author: `npm create medbench`, and without an edit install, test, check and publish to a registry
// on loopback; then the way of a user: installs the plugin beside medbench in an empty folder, and runs all methods.
// Fails if the table lacks the new row. Prints the seconds of each step. All packages of medbench are published before
// the clock starts; npm's cache is empty when it starts.
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { startRegistry } from '../../scripts/release/registry.mjs';
import { stage } from '../../scripts/release/stage.mjs';
import { printJson } from '../print-json.mjs';
import { putPackage } from './put-package.mjs';

const run = promisify(execFile);
const { values } = parseArgs({ options: { keep: { type: 'string' } } });
const folder = values.keep ? resolve(values.keep) : mkdtempSync(join(tmpdir(), 'medbench-scaffold-'));
const NAME = 'my-loss';
const PACKAGE = `medbench-method-${NAME}`;

/** The shortest run: it shows that each method trains and is measured, not how good it is. */
const TINY = [
  ...['training.steps=2', 'training.warmup=1', 'training.batchSize=8', 'general.steps=2', 'controls=[]'],
  ...['leaks.check=false', 'keepEmbeddings=false'],
].flatMap((setting) => ['--set', setting]);

/** Environment in which npm reaches the registry alone, with a cache of its own. */
function isolatedEnvironment(address) {
  const npmrc = join(folder, 'npmrc');
  writeFileSync(npmrc, `registry=${address}\n${address.slice(5)}:_authToken=anonymous\nfund=false\naudit=false\n`);
  const inherited = Object.entries(process.env).filter(([key]) => !/^npm_|^ONNXRUNTIME|^MEDBENCH|proxy$/i.test(key));
  return {
    ...Object.fromEntries(inherited),
    ...{ NPM_CONFIG_USERCONFIG: npmrc, npm_config_cache: join(folder, 'cache'), npm_config_registry: address },
    ...{ MEDBENCH_CACHE: join(folder, 'data'), NO_COLOR: '1' },
  };
}

/** Publishes medbench. The libraries of other platforms are left out: npm reads only their manifests. */
async function publishWorkspace(address) {
  const staged = stage(join(folder, 'staged'));
  const own = `-${process.platform}-${process.arch}`;
  for (const dir of staged) {
    if (/[\\/]onnxruntime-/.test(dir) && !dir.endsWith(own)) rmSync(join(dir, 'bin'), { recursive: true });
    await putPackage(address, dir);
  }
  return staged.length;
}

/** CPU seconds of all finished commands, on Linux. A busy machine changes the seconds on the clock, not these. */
function finishedCpu() {
  if (process.platform !== 'linux') return Number.NaN;
  // Fields 16 and 17 count hundredths of a second. The name before field 3 may contain blanks.
  const fields = readFileSync('/proc/self/stat', 'utf8').split(') ')[1].split(' ');
  return (Number(fields[13]) + Number(fields[14])) / 100;
}

const seconds = {};
const cpu = {};
const rounded = (value) => Number(value.toFixed(1));
/** Runs a command as one timed step. @returns its output. */
async function step(title, cwd, env, command, args) {
  const began = performance.now();
  const cpuBefore = finishedCpu();
  try {
    const { stdout } = await run(command, args, { cwd, env, maxBuffer: 1 << 26 });
    return stdout;
  } catch (error) {
    throw new Error(`${title} failed: ${command} ${args.join(' ')}\n${error.stdout}\n${error.stderr}`);
  } finally {
    seconds[title] = rounded((performance.now() - began) / 1000);
    cpu[title] = rounded(finishedCpu() - cpuBefore);
    console.log(`${title}: ${seconds[title]} s, CPU ${cpu[title]} s`);
  }
}

const registry = await startRegistry();
try {
  mkdirSync(folder, { recursive: true });
  console.log(`${await publishWorkspace(registry.address)} packages of medbench are published`);
  const env = isolatedEnvironment(registry.address);
  const began = performance.now();

  const author = join(folder, 'author');
  mkdirSync(author);
  await step('create', author, env, 'npm', ['create', '--yes', 'medbench', 'method', NAME]);
  const plugin = join(author, PACKAGE);
  await step('install the tools', plugin, env, 'npm', ['install']);
  const tested = await step('build and test', plugin, env, 'npm', ['test']);
  if (!/Tests\s+3 passed/.test(tested)) throw new Error(`The plugin's tests did not pass:\n${tested}`);
  const checked = await step('check', plugin, env, 'npm', ['run', 'check']);
  if (!checked.includes('1 package, 0 faults')) throw new Error(`The plugin check found faults:\n${checked}`);
  await step('publish', plugin, env, 'npm', ['publish']);

  const user = join(folder, 'user');
  mkdirSync(user);
  writeFileSync(join(user, 'package.json'), '{ "name": "user", "private": true, "type": "module" }\n');
  await step('install beside medbench', user, env, 'npm', ['install', 'medbench', PACKAGE]);
  const args = ['run', '--methods', 'all', '--preset', 'demo', '--tasks', 'phantom-retrieval', '--out', 'run', ...TINY];
  const table = await step('run all methods', user, env, join(user, 'node_modules/.bin/medbench'), args);
  const total = rounded((performance.now() - began) / 1000);
  const totalCpu = rounded(Object.values(cpu).reduce((sum, value) => sum + value, 0));

  const { cells } = JSON.parse(readFileSync(join(user, 'run/results.json'), 'utf8'));
  const failed = cells.filter(({ status }) => status !== 'ok');
  if (failed.length > 0) throw new Error(`Cells failed: ${JSON.stringify(failed)}`);
  const row = table.split('\n').find((line) => line.startsWith(NAME));
  if (!row) throw new Error(`The table has no row ${NAME}:\n${table}`);
  console.log(
    `\n${row.trimEnd()}\n${new Set(cells.map(({ method }) => method)).size} methods; all steps: ${total} s, CPU ${totalCpu} s`,
  );
  printJson({
    bench: 'scaffold',
    node: process.versions.node,
    seconds: { ...seconds, total },
    cpu: { ...cpu, total: totalCpu },
  });
} finally {
  registry.stop();
  if (!values.keep) rmSync(folder, { recursive: true, force: true });
}
