// Loads batches from shards with the built packages. Answers each line "run N" with a line of JSON.
import { createInterface } from 'node:readline';
import { clipTokenizer, prefetch } from '../../packages/data/dist/index.js';
import { webDataset } from '../../packages/formats/dist/index.js';
import { batchLoader, ImageMemory } from '../../packages/training/dist/index.js';

const { spec, batchSize, workers, storedScale, cacheFolder, crop, bytes } = JSON.parse(process.argv[2]);
const began = performance.now();
const pairs = await webDataset(spec, { cacheFolder });
const load = batchLoader({
  pairs,
  tokenizer: clipTokenizer(),
  imageSize: 224,
  contextLength: 77,
  batchSize,
  cropScale: [0.9, 1],
  seed: 1,
  workers,
  storedScale: storedScale ?? Number.POSITIVE_INFINITY,
  // Without a cache, as most of a large corpus is loaded.
  ...(crop ? { crop, bytes, memory: new ImageMemory(0) } : {}),
});
console.log(JSON.stringify({ ready: (performance.now() - began) / 1000, pairs: pairs.length }));
/** Mean of every 97th value, enough to check that both loaders made the same images. */
function sampleMean({ data, levels }) {
  let sum = 0;
  for (let i = 0; i < data.length; i += 97) sum += levels ? levels[256 * (i % 3) + data[i]] : data[i];
  return sum / Math.ceil(data.length / 97);
}

let step = 0;
for await (const line of createInterface({ input: process.stdin })) {
  const batches = Number(line.split(' ')[1]);
  const start = performance.now();
  const cpu = process.cpuUsage();
  let mean = 0;
  for await (const batch of prefetch(load, step, step + batches, load.ahead)) {
    mean += sampleMean(batch.images) / batches;
    load.recycle(batch);
  }
  step += batches;
  const ms = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  console.log(
    JSON.stringify({
      images: batches * batchSize,
      ms,
      cpuMs: (user + system) / 1000,
      mean,
      rss: process.memoryUsage.rss(),
    }),
  );
}
await load.close();
