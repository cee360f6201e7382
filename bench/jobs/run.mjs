// npm run bench:jobs [-- --jobs 1,2 --only demo,small]
// Times a run in one process and in several: the demo, and two rows with two seeds on small towers (vit-small and gpt-small). Each
// starts from an empty run folder, with generated data and graphs in the cache. The figures must be the same.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { printJson } from '../print-json.mjs';

const { values: options } = parseArgs({
  options: { jobs: { type: 'string', default: '1,2' }, only: { type: 'string', default: 'demo,small' } },
});
const COUNTS = options.jobs.split(',').map(Number);
const RUNS = {
  demo: ['--preset=demo'],
  small: [
    ...['--preset=demo', '--methods=clip-scratch,clip', '--tasks=phantom-global,phantom-retrieval', '--seed=0,1'],
    ...['--set=encoders.image=vit-small', '--set=encoders.text=gpt-small', '--set=controls=["chance"]'],
    ...['--set=general.steps=20', '--set=training.steps=60', '--set=training.warmup=5'],
  ],
};
const cli = fileURLToPath(new URL('../../packages/medbench/bin/medbench.js', import.meta.url));
const cwd = mkdtempSync(join(tmpdir(), 'medbench-bench-jobs-'));

/** Runs the command. @returns the seconds that it took. @throws Error if it fails. */
function medbench(...args) {
  const began = performance.now();
  const { status, stderr } = spawnSync(process.execPath, [cli, ...args], {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1', MEDBENCH_CACHE: join(cwd, 'cache') },
  });
  if (status !== 0) throw new Error(`medbench ${args.join(' ')} ended with ${status}:\n${stderr.slice(-2000)}`);
  return (performance.now() - began) / 1000;
}

/** Returns what a run found, without its times. */
const figures = (out) =>
  JSON.stringify(
    JSON.parse(readFileSync(join(cwd, out, 'results.json'), 'utf8')).cells.map(
      ({ method, task, protocol, seed, status, value, metrics }) => [
        method,
        task,
        protocol,
        seed,
        status,
        value,
        metrics,
      ],
    ),
  );

const rows = [];
try {
  for (const name of options.only.split(',')) {
    // Draws the data, and compiles and checks every graph.
    medbench('run', ...RUNS[name], '--set=training.steps=2', '--set=training.warmup=1', `--out=${name}-warm`);
    for (const jobs of COUNTS) {
      const out = `${name}-${jobs}`;
      const seconds = medbench('run', ...RUNS[name], `--jobs=${jobs}`, `--out=${out}`);
      const same = figures(out) === figures(`${name}-${COUNTS[0]}`);
      rows.push({ run: name, jobs, seconds: Math.round(10 * seconds) / 10, same });
    }
  }
} finally {
  rmSync(cwd, { recursive: true, force: true });
}
console.log('| run | processes | seconds | speed-up | same figures |\n| --- | --- | --- | --- | --- |');
for (const { run, jobs, seconds, same } of rows) {
  const one = rows.find((row) => row.run === run).seconds;
  console.log(`| ${run} | ${jobs} | ${seconds} | ${(one / seconds).toFixed(2)} | ${same ? 'yes' : 'NO'} |`);
}
printJson({ rows });
if (rows.some(({ same }) => !same)) process.exitCode = 1;
