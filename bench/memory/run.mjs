// npm run bench:memory [-- --steps 2000 --batch 4096 --chunk 64] [-- --peaks [--cases demo,c]]
// The peak memory that is predicted before a step beside what its process comes to (`--peaks`: that alone), then the
// memory of training the demo's towers with CLIP on random images: resident size after a tenth of the steps and at the end,
// and the peak of one step on a large batch in chunks beside that of one whole batch of a chunk's size. Each in a process of
// its own.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { PEAKS } from './peaks.mjs';

const { values: options } = parseArgs({
  options: {
    steps: { type: 'string', default: '2000' },
    batch: { type: 'string', default: '4096' },
    chunk: { type: 'string', default: '64' },
    peaks: { type: 'boolean', default: false },
    cases: { type: 'string', default: Object.keys(PEAKS).join(',') },
  },
});
const machine = { cpu: cpus()[0]?.model, node: process.versions.node };
const child = fileURLToPath(new URL('train.mjs', import.meta.url));

function runChild(parts) {
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, parts.map(String), { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${parts.join(' ')} ended with ${signal ?? `code ${status}`}: ${stderr}`);
  return JSON.parse(stdout.trim().split('\n').at(-1));
}
const train = (...given) => runChild(['--expose-gc', child, ...given]);

const peak = fileURLToPath(new URL('peak.mjs', import.meta.url));
/** The answer of a process that finds in the cache what one before it has left there. */
function second(key) {
  const folder = mkdtempSync(join(tmpdir(), 'medbench-cache-'));
  try {
    runChild([peak, key, folder]);
    return runChild([peak, key, folder]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

console.log('| step | predicted MiB | measured MiB | predicted / measured |\n|---|---|---|---|');
const peaks = options.cases.split(',').map((key) => {
  const { title, cached } = PEAKS[key];
  const found = cached ? second(key) : runChild([peak, key]);
  const ratio = Number((found.predictedMiB / found.measuredMiB).toFixed(2));
  console.log(`| ${title} | ${found.predictedMiB} | ${found.measuredMiB} | ${ratio} |`);
  return { title, ...found, ratio };
});
console.log(JSON.stringify({ bench: 'memory-peaks', ...machine, peaks }));
if (options.peaks) process.exit(0);

const { batch, chunk, steps } = options;
const long = train(chunk, 0, Number(steps));
const rows = [
  { what: `whole batch of ${chunk}`, ...train(chunk, 0, 3) },
  { what: `${batch} in chunks of ${chunk}`, ...train(batch, chunk, 2) },
];
console.log(`resident after ${long.at[0]} steps ${long.resident[0]} MiB, after ${long.at[1]} ${long.resident[1]} MiB`);
console.log('| step | batch itself, MiB | peak MiB | seconds a step |\n|---|---|---|---|');
for (const { what, batchMiB, peakMiB, seconds } of rows)
  console.log(`| ${what} | ${batchMiB} | ${peakMiB} | ${seconds} |`);
console.log(JSON.stringify({ bench: 'memory', ...machine, long, rows }));
