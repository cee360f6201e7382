// npm run bench:step [-- --cases a,b,c,d,e --methods all|clip|ID,... --contenders compiled,torch,... --rounds N --only
// step,forward,... --before DIR] Measures the training step, the embedding, the share of the machine's matrix product
// and the time to the first step. medbench and PyTorch take turns in one run with the same number of threads. See
// bench/RESULTS.md.
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { printJson } from '../print-json.mjs';
import { begin } from './begin.mjs';
import { CASE_TITLES, CASES, LARGE_CASES, METHODS, trainingSettings } from './cases.mjs';
import { isSlow } from './contender.mjs';
import { beginTable, distance, listVersions, machine, peakTable, speedTable } from './report.mjs';
import { writeStart } from './start.mjs';
import { measure } from './turns.mjs';

const { values: options } = parseArgs({
  options: {
    cases: { type: 'string', default: 'a,b,c,d,e' },
    /** `all`: all eight on case (b), clip on the others. Or names, which run on every case. */
    methods: { type: 'string', default: 'all' },
    /**
     * Contenders of every measurement. Default: compiled and torch, and for clip's step also torch-compile, which
     * compiles for half a minute or more. Others: xla-cpu, tensorflow, wasm and wasm-as-shipped. The last two make few
     * steps and skip the cases at 224².
     */
    contenders: { type: 'string' },
    /** A built earlier checkout. Its compiled step takes turns with this one's, as the contender `before`. */
    before: { type: 'string' },
    /** Turns per contender. */
    rounds: { type: 'string', default: '4' },
    only: { type: 'string', default: 'step,forward,peak,start' },
    threads: { type: 'string', default: String(availableParallelism()) },
  },
});
const listed = (name, known) => {
  const given = options[name].split(',');
  for (const one of given)
    if (!known.includes(one)) throw new Error(`--${name}: no ${one}, there are ${known.join(', ')}`);
  return given;
};
const cases = listed('cases', Object.keys(CASES));
const KNOWN = ['compiled', 'xla-cpu', 'torch', 'torch-compile', 'tensorflow', 'wasm', 'wasm-as-shipped'];
const contenders = options.contenders === undefined ? undefined : listed('contenders', KNOWN);
const only = listed('only', ['step', 'forward', 'peak', 'start']);
const methods = options.methods === 'all' ? undefined : listed('methods', METHODS);
const threads = Number(options.threads);
const rounds = Number(options.rounds);
const folder = mkdtempSync(join(tmpdir(), 'bench-step-'));
/** `trips`: round-trip nanoseconds between cores, before each turn. */
const log = { versions: listVersions(), left: [], trips: [] };

/** Largest allowed difference of losses and embeddings. */
const TOLERANCE = { step: 1e-3, forward: 1e-4 };
/** Measured matrix products: the feed-forward of ViT-B/16 on a batch of eight images, and a square one. */
const PRODUCTS = [
  [1576, 768, 3072],
  [2048, 2048, 2048],
];

/** Measures all contenders on one piece of work. */
function measured(what, key, own, gib) {
  const usual = ['compiled', 'torch', ...(what === 'step' && own.method === 'clip' ? ['torch-compile'] : [])];
  const earlier = options.before === undefined ? [] : ['before'];
  const able = [...earlier, ...(contenders ?? usual)].filter(
    (contender) => !LARGE_CASES.includes(key) || !isSlow(contender),
  );
  const { timm } = CASES[key].image;
  const specs = able.map((contender) => ({ contender, what, key, timm, threads, checkout: options.before, ...own }));
  return measure(specs, { rounds, gib, tolerance: TOLERANCE[what], ...log });
}

async function steps(key) {
  const rows = [];
  for (const method of methods ?? (key === 'b' ? METHODS : ['clip'])) {
    const { files, trainable } = await writeStart(folder, key, method);
    rows.push(
      ...(await measured('step', key, { method, files, trainable, training: trainingSettings(key) }, CASES[key].gib)),
    );
  }
  return rows;
}

async function forwards(key) {
  const { files } = await writeStart(folder, key, 'clip');
  const rows = [];
  for (const tower of ['image', 'text'])
    rows.push(...(await measured('forward', key, { tower, files }, CASES[key].gib / 2)));
  return rows;
}

async function products() {
  const rows = [];
  for (const shape of PRODUCTS) {
    const specs = ['compiled', 'torch'].map((contender) => ({
      contender,
      what: 'product',
      key: 'peak',
      threads,
      shape,
    }));
    const measured = await measure(specs, { rounds, gib: 1, ...log });
    const operations = 2 * shape.reduce((product, side) => product * side, 1);
    rows.push(...measured.map((row) => ({ ...row, gflops: Math.round(operations / row.ms / 1e6) })));
  }
  return rows;
}

async function starts(key) {
  const { files } = await writeStart(folder, key, 'clip');
  return begin({ contender: 'compiled', what: 'step', key, method: 'clip', files, threads }, folder);
}

const tables = { step: [], forward: [], peak: [], start: [] };
const timed = performance.now();
try {
  for (const key of cases) if (only.includes('start') && key !== 'a') tables.start.push(...(await starts(key)));
  for (const key of cases) if (only.includes('step')) tables.step.push(...(await steps(key)));
  for (const key of cases) if (only.includes('forward')) tables.forward.push(...(await forwards(key)));
  if (only.includes('peak')) tables.peak.push(...(await products()));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
for (const key of cases) console.log(`(${key}) ${CASE_TITLES[key]}`);
if (tables.step.length > 0) console.log(`\nTraining step\n\n${speedTable(tables.step, 'method')}`);
if (tables.forward.length > 0) console.log(`\nForward pass\n\n${speedTable(tables.forward, 'tower')}`);
if (tables.peak.length > 0) console.log(`\nMatrix product\n\n${peakTable(tables)}`);
if (tables.start.length > 0) console.log(`\nStart to the first compiled step\n\n${beginTable(tables.start)}`);
if (log.trips.length > 0) console.log(`\n${distance(log.trips)}`);
for (const line of log.left) console.log(line);
const seconds = Math.round((performance.now() - timed) / 1000);
const { versions, left, trips } = log;
printJson({
  bench: 'step',
  machine: machine(threads),
  versions,
  seconds,
  ...tables,
  trips: trips.map(Math.round),
  left,
});
