// npm run bench:loader [-- --rounds N --pairs N --batches N --memory false]
// Images per second in training batches of 224 x 224, from JPEG pairs in tar shards of 224 x 224 or about 500 x 400
// pixels. medbench's loader and torch's DataLoader with Pillow and torchvision take turns in one run, on the same files
// with the same transforms. Then prints the memory that loading takes with 10,000 and with 1,000,000 pairs.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { here, Loader, quantile, round } from './peers.mjs';
import { SHARDS, writeShards } from './shards.mjs';

const { values: options } = parseArgs({
  options: {
    /** Turns per loader. */
    rounds: { type: 'string', default: '6' },
    pairs: { type: 'string', default: '2000' },
    /** Batches per turn. */
    batches: { type: 'string', default: '16' },
    workers: { type: 'string', default: '1,2' },
    /** Sizes of the JPEGs: 224 means 224 x 224, 500 means about 500 x 400. */
    sides: { type: 'string', default: '224,500' },
    memory: { type: 'string', default: 'true' },
  },
});
const BATCH = 64;
const ours = (spec) => [process.execPath, [here('medbench.mjs'), JSON.stringify({ batchSize: BATCH, ...spec })]];
async function speed(folder) {
  const files = Array.from({ length: SHARDS }, (_, shard) => join(folder, `${shard}.tar`));
  const workers = options.workers.split(',').map(Number);
  const python = process.env.MEDBENCH_PYTHON || 'python3';
  const env = Object.fromEntries(Object.entries(process.env).filter(([variable]) => !variable.startsWith('OPENBLAS_')));
  const versions = { node: process.versions.node };
  const loaders = [];
  for (const count of workers) {
    loaders.push(new Loader(`medbench, ${count} workers`, ...ours({ spec: folder, workers: count })));
    const spec = JSON.stringify({ files, batchSize: BATCH, workers: count });
    loaders.push(new Loader(`torch, ${count} workers`, python, [here('torch_loader.py'), spec], env));
  }
  for (const loader of [...loaders]) {
    const { unavailable, pairs, versions: theirs } = await loader.answer();
    if (unavailable) {
      console.error(`${loader.name}: left out, ${unavailable} (set MEDBENCH_PYTHON to a Python with torchvision)`);
      loaders.splice(loaders.indexOf(loader), 1);
      continue;
    }
    Object.assign(versions, theirs);
    console.error(`${loader.name}: ${pairs} pairs`);
  }
  for (const loader of loaders) await loader.run(8, false);
  for (let turn = 0; turn < Number(options.rounds); turn++) {
    for (const loader of loaders) await loader.run(Number(options.batches));
  }
  for (const loader of loaders) await loader.stop();
  // Equal means show that both loaders did the same work.
  const means = loaders.map((loader) => quantile(loader.means, 0.5));
  if (Math.max(...means) - Math.min(...means) > 0.02) throw new Error(`The loaders' images differ: ${means}`);
  const rows = loaders.map(({ name, rates, cpu }) => ({
    loader: name,
    imagesPerSecond: round(quantile(rates, 0.5)),
    low: round(quantile(rates, 0.1)),
    high: round(quantile(rates, 0.9)),
    cpuMsPerImage: round(quantile(cpu, 0.5), 2),
    turns: rates.length,
  }));
  const best = (name) =>
    Math.max(...rows.filter((row) => row.loader.startsWith(name)).map((row) => row.imagesPerSecond));
  return { rows, versions, ratio: round(best('medbench') / best('torch'), 2) };
}

/** Memory of the whole process while it loads. Every shard is a separate file, a link to one of a few. */
async function memory(folder, shardPairs, wanted) {
  const links = join(folder, `of-${wanted}`);
  mkdirSync(links);
  const shards = Math.ceil(wanted / shardPairs);
  for (let i = 0; i < shards; i++) {
    symlinkSync(join(folder, `${i % SHARDS}.tar`), join(links, `${String(i).padStart(6, '0')}.tar`));
  }
  const loader = new Loader(`${wanted} pairs`, ...ours({ spec: links, workers: 1 }));
  const { ready, pairs, unavailable } = await loader.answer();
  if (unavailable) throw new Error(unavailable);
  const rss = [];
  for (let i = 0; i < 5; i++) rss.push((await loader.run(10)).rss);
  await loader.stop();
  return {
    pairs,
    openSeconds: round(ready),
    loaded: 5 * 10 * BATCH,
    residentMiB: round(quantile(rss.slice(1), 0.5) / 2 ** 20),
  };
}

for (const side of options.sides.split(',').map(Number)) await bench(side);

async function bench(side) {
  const folder = mkdtempSync(join(tmpdir(), 'bench-loader-'));
  try {
    const pairs = Number(options.pairs);
    const bytes = await writeShards(folder, pairs, side);
    const images = `${side === 224 ? '224 x 224' : 'about 500 x 400'} pixels, ${round(bytes / pairs / 1024)} KiB`;
    console.error(`${pairs} JPEGs of ${images} in ${SHARDS} shards`);
    const { rows, versions, ratio } = Number(options.rounds) > 0 ? await speed(folder) : { rows: [], versions: {} };
    const resident = [];
    if (options.memory === 'true') {
      for (const wanted of [10_000, 1_000_000]) resident.push(await memory(folder, pairs / SHARDS, wanted));
    }
    console.log(`\nJPEGs of ${images}\n`);
    console.log('| loader | images per second, median | 10 % to 90 % | CPU ms per image | turns |');
    console.log('|---|---|---|---|---|');
    for (const row of rows)
      console.log(
        `| ${row.loader} | ${row.imagesPerSecond} | ${row.low} to ${row.high} | ${row.cpuMsPerImage} | ${row.turns} |`,
      );
    for (const row of resident) {
      console.log(`${row.pairs} pairs: ${row.residentMiB} MiB, opened in ${row.openSeconds} s`);
    }
    const machine = {
      cpu: cpus()[0]?.model,
      cores: cpus().length,
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      platform: `${process.platform}-${process.arch}`,
    };
    const growth = resident.length === 2 ? round(resident[1].residentMiB / resident[0].residentMiB, 3) : undefined;
    console.log(JSON.stringify({ bench: 'loader', side, machine, versions, rows, ratio, memory: resident, growth }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
