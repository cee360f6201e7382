// npm run bench:step [-- --cases a,b,c --methods all|clip|ID,... --engines compiled,torch,... --rounds N --only step,forward,...]
// The training step, the embedding, the share of the machine's matrix product and the time to the first step, of medbench and
// of PyTorch on the same threads, which take turns in one run. See bench/RESULTS.md.
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { CASES, METHODS, trainingOf } from './cases.mjs';
import { isSlow } from './engine.mjs';
import { machine, stepTable, versionsOf } from './report.mjs';
import { writeStart } from './start.mjs';
import { measure } from './turns.mjs';

const { values: options } = parseArgs({
  options: {
    cases: { type: 'string', default: 'a,b,c' },
    /** `all`: the eight on (b), clip on the others; or names, on every case. */
    methods: { type: 'string', default: 'all' },
    /** Further ones: tensorflow, wasm, wasm-as-shipped. */
    engines: { type: 'string', default: 'compiled,torch,torch-compile' },
    /** Turns of each engine. */
    rounds: { type: 'string', default: '5' },
    only: { type: 'string', default: 'step' },
    threads: { type: 'string', default: String(availableParallelism()) },
  },
});
const cases = options.cases.split(',');
const engines = options.engines.split(',');
const threads = Number(options.threads);
const rounds = Number(options.rounds);
const folder = mkdtempSync(join(tmpdir(), 'bench-step-'));
const log = { versions: versionsOf(), left: [] };
const methodsOf = (key) => {
  if (options.methods === 'all') return key === 'b' ? METHODS : ['clip'];
  return options.methods.split(',');
};

/** Losses must agree this well. */
const LOSS_TOLERANCE = 1e-3;

async function steps() {
  const rows = [];
  for (const key of cases)
    for (const method of methodsOf(key)) {
      const { files, trainable } = await writeStart(folder, key, method);
      const common = { what: 'step', key, method, files, trainable, training: trainingOf(key), threads };
      const able = engines.filter((engine) => key !== 'c' || !isSlow(engine));
      const specs = able.map((engine) => ({ engine, ...common }));
      rows.push(...(await measure(specs, { rounds, gib: CASES[key].gib, tolerance: LOSS_TOLERANCE, ...log })));
    }
  return rows;
}

try {
  const rows = await steps();
  console.log(stepTable(rows));
  for (const line of log.left) console.log(line);
  console.log(
    JSON.stringify({ bench: 'step', machine: machine(threads), versions: log.versions, rows, left: log.left }),
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
