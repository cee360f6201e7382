// npm run bench:kills [-- --kills N --seed N]
// Kills whole runs with SIGKILL at random moments and repeats each until it ends: while the phantoms are drawn by two
// processes at once, in training, evaluation, statistics and report, in one process and in two. The finished run must
// hold what undisturbed runs hold. Files that are the same in two undisturbed runs must be the same to the byte; in the
// others, only times may differ.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { hashBytes, random } from '@medbench/core';
import { printJson } from '../print-json.mjs';

const { values: options } = parseArgs({
  options: { kills: { type: 'string', default: '100' }, seed: { type: 'string', default: '1' } },
});
const KILLS = Number(options.kills);
const cli = fileURLToPath(new URL('../../packages/medbench/bin/medbench.js', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'medbench-bench-kills-'));
const draw = random(Number(options.seed), 'kills');

const ARGS = [
  ...['run', '--preset=demo', '--methods=clip,coca', '--tasks=pneumoniamnist,phantom-retrieval,vqa-rad'],
  ...['--set=controls=["majority","question-only","untrained"]', '--set=general.steps=8', '--set=training.steps=16'],
  ...['--set=training.checkpointEvery=4', '--set=training.batchSize=16', '--set=training.warmup=2'],
];

/** Runs the command in a folder. @returns its exit code, null if it was killed, and its last line on stderr. */
function run(args, cwd, killAfter) {
  const began = performance.now();
  const child = spawn(process.execPath, [cli, ...args], {
    cwd,
    env: { ...process.env, NO_COLOR: '1', MEDBENCH_CACHE: join(cwd, 'cache') },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (piece) => {
    stderr = (stderr + piece).slice(-10_000);
  });
  const timer = killAfter === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfter);
  return new Promise((resolve) =>
    child.on('exit', (code, signal) => {
      clearTimeout(timer);
      const line = stderr.trimEnd().split('\n').at(-1);
      resolve({ code, killed: signal === 'SIGKILL', line, stderr, ms: performance.now() - began });
    }),
  );
}

/** Fields of JSON files that hold times or paths, or what is derived from them. */
const TIMES = new Set(
  'checksum command home seconds secondsTotal energy peakMemory startedAt finishedAt time'.split(' '),
);
const timeless = (value) =>
  Array.isArray(value)
    ? value.map(timeless)
    : value && typeof value === 'object'
      ? Object.fromEntries(
          Object.entries(value)
            .filter(([key]) => !TIMES.has(key))
            .map(([key, entry]) => [key, timeless(entry)]),
        )
      : value;

/** Folders that hold who worked when. */
const LOCKS = ['.lock', '.units'];

/** What a run folder holds: hash of each file, and of each JSON file without its times. Logs are left out. */
function contents(folder) {
  const found = new Map();
  const visit = (dir) => {
    for (const entry of readdirSync(dir, { withFileTypes: true })) {
      const path = join(dir, entry.name);
      if (LOCKS.includes(entry.name)) continue;
      if (entry.isDirectory()) visit(path);
      else if (entry.name !== 'log.jsonl') {
        const bytes = readFileSync(path);
        const json = entry.name.endsWith('.json') ? JSON.stringify(timeless(JSON.parse(bytes))) : undefined;
        found.set(relative(folder, path), { bytes: hashBytes(bytes), json: json && hashBytes(Buffer.from(json)) });
      }
    }
  };
  visit(folder);
  return found;
}

/** In which part of a run the last line of the log lies. */
function part(line, stderr) {
  if (/^train /.test(line ?? '')) return 'training';
  if (/^\[\d+\/\d+\]/.test(line ?? '')) return 'evaluation and report';
  if (/phantoms|Drawing|Phantoms/.test(line ?? '')) return 'drawing phantoms';
  return stderr.trim() === '' ? 'start' : 'preparation';
}

function fail(message) {
  console.error(`${message}\nThe folders are kept in ${root}`);
  process.exit(1);
}

const start = (name) => {
  const cwd = join(root, name);
  mkdirSync(cwd);
  return cwd;
};
const undisturbed = [];
for (const [i, jobs] of [1, 2].entries()) {
  const cwd = start(`undisturbed-${i}`);
  const first = await run([...ARGS, '--out=out', `--jobs=${jobs}`], cwd);
  if (first.code !== 0) fail(`An undisturbed run ended with ${first.code}: ${first.stderr}`);
  undisturbed.push({ files: contents(join(cwd, 'out')), ms: first.ms });
}
const [expected, again] = undisturbed.map(({ files }) => files);
const exact = [...expected.keys()].filter((name) => expected.get(name).bytes === again.get(name)?.bytes);
const apartFromTimes = [...expected.keys()].filter((name) => expected.get(name).json && !exact.includes(name));
for (const name of apartFromTimes) {
  if (expected.get(name).json !== again.get(name)?.json) fail(`${name} differs between two undisturbed runs`);
}

function check(folder) {
  const found = contents(folder);
  for (const name of exact) {
    if (found.get(name)?.bytes !== expected.get(name).bytes) fail(`${folder}: ${name} differs`);
  }
  for (const name of apartFromTimes) {
    if (found.get(name)?.json !== expected.get(name).json) fail(`${folder}: ${name} differs, apart from times`);
  }
  const others = [...found.keys()].filter((name) => !expected.has(name));
  if (others.length > 0) fail(`${folder} has also ${others.join(', ')}`);
}

const counts = {};
const kills = (line) => {
  counts[line] = (counts[line] ?? 0) + 1;
};
let total = 0;
let rounds = 0;
while (total < KILLS) {
  const jobs = 1 + (rounds % 2);
  const duration = undisturbed[jobs - 1].ms;
  const cwd = start(`round-${rounds++}`);
  const whole = (out) => [...ARGS, `--out=${out}`, `--jobs=${jobs}`];
  const attempt = async (out, limit) => {
    const result = await run(whole(out), cwd, 100 + draw.uniform() * limit);
    if (result.killed) {
      total++;
      kills(part(result.line, result.stderr));
    } else if (result.code !== 0) fail(`${cwd}: ended with ${result.code}: ${result.stderr}`);
    return !result.killed;
  };
  // Two processes draw the same phantoms into an empty cache.
  await Promise.all([attempt('out', 0.4 * duration), attempt('beside', 0.4 * duration)]);
  let done = false;
  while (!done) done = await attempt('out', 0.6 * duration);
  check(join(cwd, 'out'));
  // The report alone.
  const report = await run(['report', 'out'], cwd, 100 + draw.uniform() * 1500);
  if (report.killed) {
    total++;
    kills('report command');
  }
  // It takes no lock, so that only the next run removes what it was writing.
  const repeated = await run(whole('out'), cwd);
  if (repeated.code !== 0) fail(`${cwd}: the last run ended with ${repeated.code}: ${repeated.stderr}`);
  check(join(cwd, 'out'));
  console.error(`${total} kills in ${rounds} runs`);
  rmSync(cwd, { recursive: true });
}
printJson({
  kills: total,
  runs: rounds,
  parts: counts,
  filesEqualToTheByte: exact.length,
  filesEqualApartFromTimes: apartFromTimes.length,
  undisturbedSeconds: undisturbed.map(({ ms }) => Math.round(ms / 100) / 10),
});
rmSync(root, { recursive: true });
