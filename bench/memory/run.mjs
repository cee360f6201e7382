// npm run bench:memory [-- --steps 2000 --batch 4096 --chunk 64] [-- --peaks [--cases demo,c]]
// First compares the predicted peak memory of a step with the measured peak of its process (`--peaks`: this part
// alone). Then trains the demo's towers with CLIP on random images and prints the resident size after a tenth of the
// steps and at the end. Last, compares the peak of a step on a large batch in chunks with that of a whole batch of the
// size of a chunk. Every measurement has its own process.
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
/** The answer of a second process, which finds the cache that a first one has filled. */
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
  const measured = cached ? second(key) : runChild([peak, key]);
  const ratio = Number((measured.predictedMiB / measured.measuredMiB).toFixed(2));
  console.log(`| ${title} | ${measured.predictedMiB} | ${measured.measuredMiB} | ${ratio} |`);
  return { title, ...measured, ratio };
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
