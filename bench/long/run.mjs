// npm run bench:long [-- --steps 5000]
// Checks a long training for memory growth and numerical drift. Memory: compares the highest resident size early in the
// training with that at the end. Drift of single steps: along the training, the eager reference makes one step from the
// compiled backend's state, and one from that state changed by one unit in the last place. Drift of whole trainings:
// compiled, eager, and eager from weights changed by one unit in the last place. The distance of the last two is the
// effect of rounding alone. Exits with code 1 if a bound is exceeded.
import { spawn } from 'node:child_process';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({ options: { steps: { type: 'string', default: '5000' } } });
const steps = Number(options.steps);
const ROWS = ['clip', 'masked-cl, EMA teacher'];
/**
 * Bounds: growth of memory in percent, relative difference of a step's gradient, and differences relative to the effect
 * of one ulp.
 */
const BOUNDS = { growth: 3, gradient: 1e-4, ratio: 10 };
const child = fileURLToPath(new URL('train.mjs', import.meta.url));

function part(mode, row) {
  const run = spawn(process.execPath, ['--expose-gc', child, mode, row, String(steps)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let out = '';
  run.stdout.on('data', (chunk) => {
    out += chunk;
  });
  return new Promise((resolve, reject) =>
    run.on('close', (code) =>
      code === 0 ? resolve(JSON.parse(out.trim().split('\n').at(-1))) : reject(new Error(`${mode} of ${row} failed`)),
    ),
  );
}

const broken = [];
const check = (fine, what) => {
  if (!fine) broken.push(what);
};
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const power = (value) => value.toExponential(1);
const floats = (text) => new Float32Array(Uint8Array.from(Buffer.from(text, 'base64')).buffer);
/** Root mean square of the differences of two sets of weights. */
function distance(a, b) {
  const [x, y] = [floats(a), floats(b)];
  return Math.sqrt(x.reduce((sum, value, i) => sum + (value - y[i]) ** 2, 0) / x.length);
}

const began = performance.now();
const rows = [];
console.log(
  `| row | resident, highest of steps ${steps / 10} to ${(3 * steps) / 10} | of the last ${steps / 5} | growth | one step from eager, gradient: first, last quarter | the same of eager one ulp apart | largest weight |`,
);
console.log('|---|---|---|---|---|---|---|');
for (const row of ROWS) {
  const { resident } = await part('memory', row);
  const { found } = await part('resynchronised', row);
  // The size varies by a tenth with the garbage that is not yet collected. A leak shows in the maximum of many samples.
  const tenth = resident.length / 10;
  const [early, late] = [resident.slice(tenth - 1, 3 * tenth), resident.slice(-2 * tenth)].map((all) =>
    Math.max(...all),
  );
  const growth = 100 * (late / early - 1);
  const quarter = Math.ceil(found.length / 4);
  const quarters = [found.slice(0, quarter), found.slice(-quarter)];
  const of = (what) => quarters.map((part) => power(median(part.map((one) => one[what])))).join(', then ');
  const weight = Math.max(...found.map((one) => one.weight));
  check(growth <= BOUNDS.growth, `${row}: memory grows by ${growth.toFixed(1)} %`);
  check(Math.max(...found.map((one) => one.gradient)) <= BOUNDS.gradient, `${row}: the gradient of a step is off`);
  const ratio = median(quarters[1].map(({ gradient, rounding }) => gradient / rounding));
  check(ratio <= BOUNDS.ratio, `${row}: in the end a step is ${ratio.toFixed(1)} times as far off as by one ulp`);
  const cells = [`${early.toFixed(0)} MiB`, `${late.toFixed(0)} MiB`, `${growth.toFixed(1)} %`];
  console.log(`| ${[row, ...cells, of('gradient'), of('rounding'), power(weight)].join(' | ')} |`);
  rows.push({ row, resident, growth, found });
}

const [row] = ROWS;
// The eager backend uses one thread, so two processes run at a time.
const [eager, nudged] = await Promise.all([part('eager', row), part('nudged', row)]);
const compiled = await part('compiled', row);
console.log(
  `\n| ${row}, left to itself, after | compiled from eager, rms of weights | eager from eager one ulp apart | loss compiled | eager | one ulp apart |`,
);
console.log('|---|---|---|---|---|---|');
const marks = [0.01, 0.1, 0.2, 0.5, 1].map((share) => Math.round(share * steps));
const apart = marks.map((step, i) => {
  const ours = distance(compiled.weights[i], eager.weights[i]);
  const rounding = distance(nudged.weights[i], eager.weights[i]);
  const window = (losses) => mean(losses.slice(Math.max(0, step - 100), step));
  const losses = [compiled, eager, nudged].map((one) => window(one.losses));
  console.log(`| ${[step, power(ours), power(rounding), ...losses.map((loss) => loss.toFixed(4))].join(' | ')} |`);
  return { step, ours, rounding, losses };
});
const end = apart.at(-1);
check(end.ours <= BOUNDS.ratio * end.rounding, `${row}: the backends end further apart than rounding explains`);
const seconds = Math.round((performance.now() - began) / 1000);
console.log(
  `\n${seconds} s; loss: mean of the last 100 steps${broken.length > 0 ? `; BROKEN: ${broken.join('; ')}` : '; all bounds hold'}`,
);
console.log(
  JSON.stringify({
    bench: 'long',
    machine: cpus()[0]?.model,
    versions: { node: process.versions.node },
    steps,
    seconds,
    rows,
    apart,
    broken,
  }),
);
process.exitCode = broken.length > 0 ? 1 : 0;
