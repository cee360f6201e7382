// npm run bench:loader-study [-- --rounds N --batches N --core N]
// Images per second and core under the study's training transform: shorter side 512, random crop of 224, normalised.
// medbench's loader and torch's DataLoader take turns in one run on the same files, all on one core (taskset): real
// radiology images (VQA-RAD, if MEDBENCH_DATA has it) and generated photographs, as they are and as medbench data shard
// stores them. Every turn also reads the process's memory.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { storedJpeg } from '../../packages/data/dist/index.js';
import { here, Loader, quantile, round } from './peers.mjs';
import { photographs, SHARDS, writeJpegs } from './shards.mjs';

const { values: options } = parseArgs({
  options: {
    /** Turns per loader. */
    rounds: { type: 'string', default: '6' },
    /** Batches per turn. */
    batches: { type: 'string', default: '6' },
    /** The core that every loader runs on. */
    core: { type: 'string', default: '1' },
    pairs: { type: 'string', default: '600' },
  },
});
const BATCH = 64;
const CROP = { kind: 'fixed', side: 512 };
const python = process.env.MEDBENCH_PYTHON || 'python3';
const env = Object.fromEntries(Object.entries(process.env).filter(([variable]) => !variable.startsWith('OPENBLAS_')));
const onCore = (name, command, args) => new Loader(name, 'taskset', ['-c', options.core, command, ...args], env);

const medbench = (name, spec) =>
  onCore(name, process.execPath, [here('medbench.mjs'), JSON.stringify({ batchSize: BATCH, crop: CROP, ...spec })]);
const torch = (name, spec) =>
  onCore(name, python, [here('torch_loader.py'), JSON.stringify({ batchSize: BATCH, crop: CROP, ...spec })]);

async function contend(folder) {
  const files = Array.from({ length: SHARDS }, (_, shard) => join(folder, `${shard}.tar`));
  const loaders = [
    medbench('medbench, floats', { spec: folder, workers: 1 }),
    medbench('medbench, bytes', { spec: folder, workers: 1, bytes: true }),
    torch('torch, no worker', { files, workers: 0 }),
    torch('torch, 1 worker', { files, workers: 1 }),
  ];
  const versions = { node: process.versions.node };
  for (const loader of [...loaders]) {
    const { unavailable, versions: theirs } = await loader.answer();
    if (unavailable) {
      console.error(`${loader.name}: left out, ${unavailable} (set MEDBENCH_PYTHON to a Python with torchvision)`);
      loaders.splice(loaders.indexOf(loader), 1);
    } else Object.assign(versions, theirs);
  }
  for (const loader of loaders) await loader.run(2, false);
  for (let turn = 0; turn < Number(options.rounds); turn++) {
    for (const loader of loaders) await loader.run(Number(options.batches));
  }
  for (const loader of loaders) await loader.stop();
  const means = loaders.map((loader) => quantile(loader.means, 0.5));
  // Crops are drawn at random, so that means of a few hundred images differ by some hundredths.
  if (Math.max(...means) - Math.min(...means) > 0.15) throw new Error(`The loaders' images differ: ${means}`);
  const rows = loaders.map(({ name, rates, cpu, rss }) => ({
    loader: name,
    imagesPerSecond: round(quantile(rates, 0.5)),
    low: round(quantile(rates, 0.1)),
    high: round(quantile(rates, 0.9)),
    // Neither loader waits for anything but its core, so this is the rate of a core that nobody else uses.
    perSecondOfCpu: round(1000 / quantile(cpu, 0.5)),
    ...(rss.length > 0 ? { residentMiB: rss.map((bytes) => Math.round(bytes / 2 ** 20)) } : {}),
  }));
  const best = (name, figure) =>
    Math.max(...rows.filter(({ loader }) => loader.startsWith(name)).map((row) => row[figure]));
  const ratio = (figure) => round(best('medbench', figure) / best('torch', figure), 2);
  return { rows, versions, ratio: ratio('imagesPerSecond'), cpuRatio: ratio('perSecondOfCpu') };
}

/** JPEGs to load, by name. */
async function jpegsOf() {
  const sets = {};
  const real = join(process.env.MEDBENCH_DATA ?? here('../../../shared/data'), 'vqa-rad/images');
  if (existsSync(real)) {
    sets['VQA-RAD'] = readdirSync(real)
      .filter((name) => name.endsWith('.jpg'))
      .map((name) => new Uint8Array(readFileSync(join(real, name))));
  } else console.error('VQA-RAD is not here: set MEDBENCH_DATA');
  sets['photographs of about 850 x 640'] = (await photographs(200)).map((jpeg) => new Uint8Array(jpeg));
  for (const [name, jpegs] of Object.entries(sets)) {
    const stored = [];
    for (const [i, bytes] of jpegs.entries()) {
      stored.push(await storedJpeg({ bytes, name: `${name} ${i}` }, { side: 512, quality: 95 }));
    }
    sets[`${name}, as shards of 512`] = stored;
  }
  return sets;
}

const root = mkdtempSync(join(tmpdir(), 'bench-loader-study-'));
const machine = { cpu: cpus()[0]?.model, cores: cpus().length, memoryGiB: Math.round(totalmem() / 2 ** 30) };
const cases = [];
try {
  for (const [name, jpegs] of Object.entries(await jpegsOf())) {
    const folder = join(root, String(cases.length));
    mkdirSync(folder);
    const pairs = Number(options.pairs);
    const kibibytes = round(writeJpegs(folder, pairs, jpegs) / pairs / 1024);
    console.error(`${name}, ${kibibytes} KiB`);
    const found = await contend(folder);
    console.log(`\n${name}, ${kibibytes} KiB\n`);
    console.log(
      '| loader | images per second and core, median | 10 % to 90 % | per second of CPU | resident MiB by turn |',
    );
    console.log('|---|---|---|---|---|');
    for (const { loader, imagesPerSecond, low, high, perSecondOfCpu, residentMiB } of found.rows)
      console.log(
        `| ${loader} | ${imagesPerSecond} | ${low} to ${high} | ${perSecondOfCpu} | ${residentMiB?.join(', ') ?? ''} |`,
      );
    console.log(`\nmedbench / torch: ${found.ratio}; by CPU: ${found.cpuRatio}`);
    cases.push({ case: name, kibibytes, ...found });
  }
  console.log(JSON.stringify({ bench: 'loader-study', machine, cases }));
} finally {
  rmSync(root, { recursive: true, force: true });
}
