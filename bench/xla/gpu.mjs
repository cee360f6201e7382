// Measures the backends of XLA on an NVIDIA GPU beside PyTorch, in one command of at most eight minutes, without a network:
//   node gpu.mjs [--plugin FILE] [--out DIR] [--seconds 450] [--python python3] [--dry]
// `npm run bench:xla-bundle` puts it with all that it needs into a folder. The plugin is that of `jax-cuda13-pjrt` in Python's
// packages, unless --plugin names one. --dry makes a small try of every part, also on the CPU's plugin. The parts come in the
// order of their worth, each as a line of JSON on stdout and in DIR/results.jsonl; what the time does not suffice for says so.
import { spawn, spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { XlaPlugin } from '@medbench/backends-xla';
import { BATCHES, CASES, METHODS, setUpCase, trainingSettings } from '../step/cases.mjs';
import { towerFlops } from '../step/flops.mjs';
import { readStepBatches, readWeights, writeStart } from '../step/start.mjs';

const { values: options } = parseArgs({
  options: {
    plugin: { type: 'string' },
    out: { type: 'string', default: 'xla-results' },
    seconds: { type: 'string', default: '450' },
    python: { type: 'string', default: 'python3' },
    dry: { type: 'boolean', default: false },
  },
});
const { dry, out, python } = options;
const began = performance.now();
const left = () => Number(options.seconds) - (performance.now() - began) / 1000;
const here = fileURLToPath(new URL('.', import.meta.url));
mkdirSync(out, { recursive: true });
const folder = mkdtempSync(join(tmpdir(), 'medbench-xla-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

function report(part, figures) {
  const line = JSON.stringify({ part, at: Math.round((performance.now() - began) / 1000), ...figures });
  console.log(line);
  appendFileSync(join(out, 'results.jsonl'), `${line}\n`);
}

/** Runs a part if the time suffices; a part that fails does not end the others. */
async function part(name, seconds, run) {
  if (left() < seconds) return report(name, { skipped: `needs about ${seconds} s, ${Math.round(left())} s are left` });
  try {
    report(name, await run());
  } catch (error) {
    report(name, { error: String(error?.message ?? error).split('\n')[0], hint: error?.hint });
  }
}

/** The plugin in Python's packages. */
function pythonPlugin() {
  const code = 'import importlib.util as u; print(u.find_spec("jax_plugins.xla_cuda13").submodule_search_locations[0])';
  const { stdout = '' } = spawnSync(python, ['-c', code], { encoding: 'utf8' });
  const path = join(stdout.trim(), 'xla_cuda_plugin.so');
  return stdout && existsSync(path) ? path : undefined;
}
const plugin = options.plugin ?? pythonPlugin();
if (plugin === undefined) {
  console.error('No plugin: install the wheel jax-cuda13-pjrt, or name xla_cuda_plugin.so by --plugin');
  process.exit(1);
}
process.env.MEDBENCH_XLA_PLUGIN = plugin;
const backend = new XlaPlugin();
const status = await backend.status();
const smi = spawnSync('nvidia-smi', ['--query-gpu=name,driver_version,memory.total', '--format=csv,noheader'], {
  encoding: 'utf8',
});
report('status', { ...status, nvidia: smi.stdout?.trim() ?? 'nvidia-smi is missing', node: process.version });
if (!status.available) process.exit(1);
const memoryLimit = await backend.deviceMemory();
report('memory', { limitGiB: Number.isFinite(memoryLimit) ? memoryLimit / 2 ** 30 : 'not told' });

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
const relative = (found, expected) => Math.abs(found - expected) / Math.abs(expected);
/** The batch of the measurements, and the case: the study's size, or the smallest in a dry run. */
const KEY = dry ? 'a' : 'c';
const BATCH = dry ? 8 : 512;

/** Weights and batches of a case and method on disk, once. */
const starts = new Map();
function start(key, method, batch) {
  const name = `${key}-${method}-${batch}`;
  CASES[key].batch = batch;
  if (!starts.has(name)) {
    const own = join(folder, name);
    mkdirSync(own);
    starts.set(name, writeStart(own, key, method));
  }
  return starts.get(name);
}

/** A loaded step with its batches. `send` is whether the next batch is sent while a step runs. */
async function loadStep({ key, method, batch, precision, attention = 'auto', send = true }) {
  const { files } = await start(key, method, batch);
  CASES[key].batch = batch;
  const { step, parameters } = await setUpCase(key, method);
  const batches = await readStepBatches(files.batches, step.inputs);
  const tensors = await readWeights(files.weights, parameters);
  process.env.MEDBENCH_XLA_ATTENTION = attention;
  const log = [];
  const from = performance.now();
  const session = await step.load(backend, step.initialState(tensors), {
    // A program of two parts is compiled once.
    ...{ precision, selfCheck: false, log: (line) => log.push(line), cache: join(folder, 'cache') },
  });
  const seconds = (performance.now() - from) / 1000;
  let next = 0;
  let sent;
  async function run(steps) {
    const ms = [];
    const losses = [];
    for (let i = 0; i < steps; i++) {
      const inputs = sent ?? { ...batches[next % BATCHES] };
      next++;
      const at = performance.now();
      const running = session.step(inputs);
      sent = undefined;
      if (send && session.send) {
        sent = { ...batches[next % BATCHES] };
        await session.send(sent);
      }
      const { loss } = await running;
      ms.push(performance.now() - at);
      losses.push(loss.data[0]);
    }
    return { ms, losses };
  }
  return { run, seconds, log, dispose: () => session.dispose() };
}

/** Loads a step, runs it, and disposes of it. */
async function timed(what, steps, warm = 2) {
  const loaded = await loadStep(what);
  try {
    const first = await loaded.run(warm);
    const { ms, losses } = await loaded.run(steps);
    const step = median(ms);
    const attention = loaded.log.find((line) => line.startsWith('attention:'));
    return {
      loadSeconds: loaded.seconds,
      stepMs: step,
      pairsPerSecond: (1000 * what.batch) / step,
      losses: [...first.losses, ...losses],
      ...(attention ? { attention } : {}),
    };
  } finally {
    await loaded.dispose();
  }
}

/** PyTorch's step: eager or compiled, in bfloat16 by autocast on the GPU. Ends with `dispose`. */
async function torchStep({ key, method, batch, contender, device }) {
  const { files, trainable } = await start(key, method, batch);
  CASES[key].batch = batch;
  const spec = {
    ...{ contender, what: 'step', method, files, trainable, device, autocast: device === 'cuda', threads: 2 },
    training: trainingSettings(key),
  };
  const child = spawn(python, [join(here, '..', 'step', 'torch_step.py'), JSON.stringify(spec)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const failed = new Promise((_, reject) => child.once('error', reject));
  failed.catch(() => {});
  child.stdin.on('error', () => {});
  const read = async () => {
    const { value, done } = await Promise.race([lines.next(), failed]);
    if (done) throw new Error('PyTorch ended; see above');
    const answer = JSON.parse(value);
    if (answer.unavailable) throw new Error(answer.unavailable);
    return answer;
  };
  const { version } = await read();
  return {
    version,
    async run(steps) {
      child.stdin.write(`run ${steps}\n`);
      return read();
    },
    dispose: () => child.stdin.end(),
  };
}

async function torchTimed(what, steps, warm = 3) {
  const loaded = await torchStep(what);
  try {
    await loaded.run(warm);
    const { ms, results, deviceMiB } = await loaded.run(steps);
    const step = median(ms);
    return {
      version: loaded.version,
      stepMs: step,
      pairsPerSecond: (1000 * what.batch) / step,
      losses: results,
      ...(deviceMiB === undefined ? {} : { deviceMiB }),
    };
  } finally {
    loaded.dispose();
  }
}

const DEVICE = status.gpu ? 'cuda' : 'cpu';
const CLIP = { key: KEY, method: 'clip', batch: BATCH };
const results = {};

await part('float32: 20 steps of (a) against the figures of the eager backend', 30, async () => {
  const expected = JSON.parse(readFileSync(join(here, 'expected.json'), 'utf8'));
  const { run, dispose } = await loadStep({ key: 'a', method: 'clip', batch: 32, precision: 'float32' });
  const { losses } = await run(expected.losses.length);
  await dispose();
  const apart = losses.map((loss, i) => relative(loss, expected.losses[i]));
  return { largestDifference: Math.max(...apart), first: apart[0], agrees: Math.max(...apart) < 1e-4 };
});

await part('clip, bfloat16', 60, async () => {
  results.clip = await timed({ ...CLIP, precision: 'bfloat16' }, dry ? 4 : 20);
  const flops = 3 * (towerFlops(CASES[KEY], 'image', 'medbench') + towerFlops(CASES[KEY], 'text', 'medbench'));
  // Dense bfloat16 of an H100 SXM and an H200, as NVIDIA states it.
  return { ...results.clip, flops, mfuOfH100: flops / (results.clip.stepMs / 1000) / 989e12 };
});
for (const contender of ['torch-compile', 'torch'])
  await part(`clip, ${contender}, bfloat16 by autocast`, 60, async () => {
    const found = await torchTimed({ ...CLIP, contender, device: DEVICE }, dry ? 4 : 20);
    return { ...found, medbenchToTorch: results.clip && found.stepMs / results.clip.stepMs };
  });
await part('clip, bfloat16, attention composed', 60, () =>
  timed({ ...CLIP, precision: 'bfloat16', attention: 'composed' }, dry ? 4 : 10),
);
await part('clip, bfloat16, without sending ahead', 45, () =>
  timed({ ...CLIP, precision: 'bfloat16', send: false }, dry ? 4 : 10),
);
for (const method of METHODS.filter((id) => id !== 'clip')) {
  await part(`${method}, bfloat16`, 45, () => timed({ ...CLIP, method, precision: 'bfloat16' }, dry ? 2 : 6));
  await part(`${method}, torch, bfloat16 by autocast`, 25, () =>
    torchTimed({ ...CLIP, method, contender: 'torch', device: DEVICE }, dry ? 2 : 6),
  );
}
await part('clip, bfloat16 against float32, first steps', 60, async () => {
  const small = { ...CLIP, batch: dry ? 8 : 64 };
  const found = {};
  for (const precision of ['bfloat16', 'float32']) found[precision] = (await timed({ ...small, precision }, 3)).losses;
  return { apart: found.bfloat16.map((loss, i) => relative(loss, found.float32[i])) };
});
await part('200 steps of clip, bfloat16', 60, async () => {
  const { losses, stepMs } = await timed({ ...CLIP, precision: 'bfloat16' }, dry ? 20 : 200);
  return { stepMs, losses: losses.filter((_, i) => i % 10 === 0), falls: losses.at(-1) < losses[0] };
});
process.exit(0);
