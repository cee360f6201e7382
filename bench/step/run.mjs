// npm run bench:step [-- --cases a,b --rounds N --steps N --engines compiled,torch,wasm]
// Milliseconds per training step (forward, backward, AdamW) of each engine, which take turns in one run.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { BATCH, BATCHES, CASES, OPTIMIZER, parametersOf } from './cases.mjs';
import { startBytes } from './start.mjs';

const { values: options } = parseArgs({
  options: {
    cases: { type: 'string', default: 'a,b' },
    engines: { type: 'string', default: 'compiled,torch,tensorflow,wasm,wasm-as-shipped' },
    /** Turns of each engine. */
    rounds: { type: 'string', default: '6' },
    /** Steps in a turn; 0 means as many as take about a second. */
    steps: { type: 'string', default: '0' },
    /** Threads of the engines that have them. */
    threads: { type: 'string', default: String(availableParallelism()) },
  },
});
const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const versionOf = (dir, id) => {
  const require = createRequire(here(`../../packages/${dir}/package.json`));
  let folder = require.resolve(id);
  for (;;) {
    folder = join(folder, '..');
    try {
      const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      if (name === id && version) return version;
    } catch {
      // Not yet at the package's folder.
    }
  }
};

/** A child that answers each line with a line. */
class Engine {
  constructor(name, command, args, env) {
    this.name = name;
    this.ms = [];
    this.losses = [];
    this.peakMiB = 0;
    this.child = spawn(command, args, { env, stdio: ['pipe', 'pipe', 'inherit'] });
    this.ended = new Promise((resolve) => {
      this.child.once('error', (error) => resolve({ unavailable: error.message }));
      this.child.once('exit', (code) => resolve({ unavailable: `it ended with code ${code}` }));
    });
    this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }
  async answer() {
    const line = this.lines.next().then(({ value, done }) => (done ? this.ended : JSON.parse(value)));
    return Promise.race([line, this.ended]);
  }
  async run(steps, counted = true) {
    this.child.stdin.write(`run ${steps}\n`);
    const { ms, losses, peakMiB, unavailable } = await this.answer();
    if (unavailable) throw new Error(`${this.name}: ${unavailable}`);
    this.losses.push(...losses);
    this.peakMiB = peakMiB;
    if (counted) this.ms.push(...ms);
    return ms;
  }
  stop() {
    this.child.stdin.end();
    return this.ended;
  }
}

function start(name, key, file) {
  const threads = options.threads;
  if (name !== 'torch')
    return new Engine(name, process.execPath, [here('tfjs-step.mjs'), name, key, file], {
      ...process.env,
      MEDBENCH_THREADS: threads,
    });
  const env = Object.fromEntries(Object.entries(process.env).filter(([variable]) => !variable.startsWith('OPENBLAS_')));
  const spec = {
    sizes: CASES[key],
    parameters: parametersOf(CASES[key]),
    optimizer: OPTIMIZER,
    batch: BATCH,
    batches: BATCHES,
    threads: Number(threads),
  };
  const python = process.env.MEDBENCH_PYTHON || 'python3';
  return new Engine(name, python, [here('torch_step.py'), JSON.stringify(spec), file], env);
}

const median = (values) => {
  const sorted = [...values].sort((x, y) => x - y);
  const middle = sorted.length / 2;
  return sorted.length % 2 ? sorted[Math.floor(middle)] : (sorted[middle - 1] + sorted[middle]) / 2;
};
const quantile = (values, q) => [...values].sort((x, y) => x - y)[Math.round(q * (values.length - 1))];
const round = (value, digits = 2) => Number(value.toFixed(digits));

/** Engines whose step takes this long get one step a turn, in the first turns only. */
const SLOW_MS = 200;
const SLOW_STEPS = 4;

async function runCase(key, folder, versions) {
  const bytes = startBytes(CASES[key]);
  const file = join(folder, `${key}.bin`);
  writeFileSync(file, bytes);
  console.error(`case ${key}: start ${createHash('sha256').update(bytes).digest('hex').slice(0, 12)}`);
  const engines = [];
  for (const name of options.engines.split(',')) {
    const engine = start(name, key, file);
    const { unavailable, ready, version } = await engine.answer();
    if (unavailable) {
      console.error(
        `${name}: left out, ${unavailable}${name === 'torch' ? ' (set MEDBENCH_PYTHON to a Python with torch)' : ''}`,
      );
      continue;
    }
    if (version) versions[name] = version;
    console.error(`${name}: ready in ${ready.toFixed(1)} s`);
    engines.push(engine);
  }
  for (const engine of engines) {
    const first = await engine.run(1, false);
    engine.slow = engine.name.startsWith('wasm');
    const [ms] = engine.slow ? first : (await engine.run(2, false)).slice(-1);
    engine.steps = engine.slow ? 1 : Number(options.steps) || Math.max(2, Math.min(50, Math.round(1000 / ms)));
  }
  for (let turn = 0; turn < Number(options.rounds); turn++)
    for (const engine of engines)
      if (!engine.slow || engine.ms.length < (engine.ms[0] > 10 * SLOW_MS ? 2 : SLOW_STEPS))
        await engine.run(engine.steps);
  for (const engine of engines) await engine.stop();

  // The engines did the same work if their losses agree while rounding has had no time to grow.
  const reference = engines[0]?.losses;
  for (const { name, losses } of engines.slice(1)) {
    const apart = Math.max(...losses.slice(0, 3).map((loss, i) => Math.abs(loss - reference[i])));
    console.error(`${name}: first losses within ${apart.toExponential(1)} of ${engines[0].name}`);
    if (!(apart < 1e-3)) throw new Error(`case ${key}: ${name} does not compute what ${engines[0].name} computes`);
  }
  return engines.map(({ name, ms, peakMiB }) => ({
    case: key,
    engine: name,
    ms: round(median(ms)),
    low: round(quantile(ms, 0.1)),
    high: round(quantile(ms, 0.9)),
    steps: ms.length,
    peakMiB: Math.round(peakMiB),
  }));
}

const folder = mkdtempSync(join(tmpdir(), 'bench-step-'));
const versions = {
  node: process.versions.node,
  'onnxruntime-node': versionOf('backends-compiled', 'onnxruntime-node'),
  '@tensorflow/tfjs-core': versionOf('backends-compiled', '@tensorflow/tfjs-core'),
};
const rows = [];
try {
  for (const key of options.cases.split(',')) rows.push(...(await runCase(key, folder, versions)));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

const ratios = {};
for (const key of new Set(rows.map((row) => row.case))) {
  const of = (engine) => rows.find((row) => row.case === key && row.engine === engine)?.ms;
  for (const peer of ['torch', 'tensorflow', 'wasm', 'wasm-as-shipped'])
    if (of(peer) && of('compiled')) ratios[`${key}: ${peer} / compiled`] = round(of(peer) / of('compiled'));
}
console.log('| case | engine | ms per step, median | 10 % to 90 % | steps | peak MiB |');
console.log('|---|---|---|---|---|---|');
for (const row of rows)
  console.log(
    `| ${row.case} | ${row.engine} | ${row.ms} | ${row.low} to ${row.high} | ${row.steps} | ${row.peakMiB} |`,
  );
const machine = {
  cpu: cpus()[0]?.model,
  cores: cpus().length,
  threads: Number(options.threads),
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  platform: `${process.platform}-${process.arch}`,
};
console.log(JSON.stringify({ bench: 'step', machine, versions, rows, ratios }));
