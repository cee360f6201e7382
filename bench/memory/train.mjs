// node --expose-gc train.mjs BATCH CHUNK STEPS: trains on one random batch and prints a line of JSON.
import { Compiled } from '@medbench/backends-compiled';
import { random } from '@medbench/core';
import { GptDemo } from '@medbench/encoders-gpt';
import { VitDemo } from '@medbench/encoders-vit';
import { Clip } from '@medbench/methods-clip';
import { dualEncoder, initialise } from '@medbench/nn';
import { trainingStep } from '@medbench/training';
import { createMethod } from '../methods.mjs';

const [batchSize, chunk, steps] = process.argv.slice(2).map(Number);
const options = { embedDim: 64, vocabSize: 8702 };
const model = dualEncoder(new VitDemo().build(options), new GptDemo().build(options));
const training = {
  ...{ steps: 5000, batchSize, chunkSize: chunk || null, learningRate: 1e-3, warmup: 50, weightDecay: 0.1 },
  ...{ beta1: 0.9, beta2: 0.98, epsilon: 1e-6, clipNorm: 1, cropScale: [0.9, 1], checkpointEvery: 1e9, logEvery: 1e9 },
};
const { parameters } = model;
const step = trainingStep({ name: 'memory', model, method: createMethod(Clip), settings: {}, parameters, training });
const stream = random(1, 'batch');
const side = model.image.imageSize;
const length = model.text.contextLength;
const images = Float32Array.from({ length: batchSize * side * side * 3 }, () => stream.uniform());
const ids = new Int32Array(batchSize * length);
for (let row = 0; row < batchSize; row++) {
  for (let i = 1; i < 9; i++) ids[row * length + i] = stream.integer(8000);
  ids[row * length + 9] = options.vocabSize - 1;
}
const batch = {
  images: { shape: [batchSize, side, side, 3], dtype: 'float32', data: images },
  ids: { shape: [batchSize, length], dtype: 'int32', data: ids },
};
const mebibytes = (bytes) => Math.round(bytes / 2 ** 20);
const session = await step.load(new Compiled(), step.initialState(initialise(parameters, 1)), { selfCheck: false });
const checkpoints = [Math.max(1, Math.round(steps / 10)), steps];
const resident = [];
const began = performance.now();
for (let i = 1; i <= steps; i++) {
  await session.step(batch);
  if (checkpoints.includes(i)) {
    globalThis.gc();
    resident.push(mebibytes(process.memoryUsage().rss));
  }
}
const seconds = Number(((performance.now() - began) / 1000 / steps).toFixed(2));
await session.dispose();
const batchMiB = mebibytes(images.byteLength + ids.byteLength);
console.log(
  JSON.stringify({
    at: checkpoints,
    resident,
    batchMiB,
    peakMiB: mebibytes(process.resourceUsage().maxRSS * 1024),
    seconds,
  }),
);
