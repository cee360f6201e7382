// npm run bench:plan [-- --cases demo,b --keep FOLDER]
// Says how near `medbench plan --measure` comes to the real time of a run, in a folder without caches: plans, then runs
// with the same flags, and compares the hours and the bytes. Cases: the demo, and three rows on towers of case (b) of
// `bench:step`.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { printJson } from '../print-json.mjs';

const CASES = {
  demo: ['--preset', 'demo'],
  b: [
    ...['--preset', 'demo', '--methods', 'clip,slip,flip', '--tasks', 'phantom-global,phantom-retrieval,vqa-rad'],
    ...['--set', 'encoders.image=vit-small', '--set', 'encoders.text=gpt-small', '--set', 'model.embedDim=128'],
    // A vocabulary of 8192: 512 bytes, 7678 merges and two marks.
    ...['--set', 'model.merges=7678', '--set', 'training.batchSize=32', '--set', 'training.steps=100'],
    ...['--set', 'general.steps=60'],
  ],
};

const { values } = parseArgs({ options: { cases: { type: 'string', default: 'demo,b' }, keep: { type: 'string' } } });
const bin = fileURLToPath(new URL('../../packages/medbench/bin/medbench.js', import.meta.url));
const folder = values.keep ? resolve(values.keep) : mkdtempSync(join(tmpdir(), 'medbench-plan-'));
mkdirSync(folder, { recursive: true });

/** Runs the command. @returns what it printed, and the seconds that it took. */
function medbench(args) {
  const began = performance.now();
  const stdout = execFileSync(process.execPath, [bin, ...args], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, MEDBENCH_CACHE: join(folder, '.medbench') },
    stdio: ['ignore', 'pipe', 'ignore'],
    maxBuffer: 2 ** 28,
  });
  return { stdout, seconds: (performance.now() - began) / 1000 };
}

function bytes(path) {
  return readdirSync(path, { withFileTypes: true }).reduce((sum, entry) => {
    const file = join(path, entry.name);
    return sum + (entry.isDirectory() ? bytes(file) : statSync(file).size);
  }, 0);
}

const rows = [];
// The generated data are there, as after any first run.
medbench(['data', 'phantoms']);
for (const name of values.cases.split(',')) {
  const flags = CASES[name];
  const planned = medbench(['plan', ...flags, '--measure', '--json']);
  const { costs } = JSON.parse(planned.stdout);
  const run = medbench(['run', ...flags, '--out', name, '--json']);
  const disk = bytes(join(folder, name));
  const row = {
    case: name,
    jobs: costs.jobs,
    measuring: Math.round(planned.seconds),
    planned: Math.round(costs.seconds),
    real: Math.round(run.seconds),
    ratio: Number((costs.seconds / run.seconds).toFixed(3)),
    disk: Number((costs.disk.total / disk).toFixed(3)),
  };
  rows.push(row);
  console.log(
    `${name}: planned ${row.planned} s, took ${row.real} s, ratio ${row.ratio}; disk planned ${(costs.disk.total / 2 ** 20).toFixed(1)} MiB, ` +
      `took ${(disk / 2 ** 20).toFixed(1)} MiB; planning took ${row.measuring} s`,
  );
}
if (!values.keep) rmSync(folder, { recursive: true, force: true });
const versions = { node: process.version };
printJson({ bench: 'plan', machine: `${cpus()[0]?.model}, ${availableParallelism()} cores`, versions, rows });
