// node peak.mjs CASE [CACHE]: predicts the peak memory of a training step, makes a few steps on random images, and
// prints a line of JSON with the prediction and the peak resident size of the process. MEDBENCH_BENCH_BACKEND=xla-cpu
// measures that backend in place of `compiled`.
import { Compiled } from '@medbench/backends-compiled';
import { XlaCpu } from '@medbench/backends-xla';
import { random } from '@medbench/core';
import { initialise } from '@medbench/nn';
import { PEAKS } from './peaks.mjs';

const [key, cache] = process.argv.slice(2);
const { setup, steps, check = false } = PEAKS[key];
const { step, model, parameters, batchSize } = await setup();
const stream = random(1, 'batch');
const fill = (array, next) => array.map(next);
const side = model.image.imageSize;
const length = model.text.contextLength;
const batch = {
  images: {
    shape: [batchSize, side, side, 3],
    dtype: 'float32',
    data: fill(new Float32Array(batchSize * side * side * 3), () => stream.uniform()),
  },
  ids: {
    shape: [batchSize, length],
    dtype: 'int32',
    data: fill(new Int32Array(batchSize * length), () => 1 + stream.integer(900)),
  },
};
// Every other drawn index is below the number of things that it chooses from.
for (const [name, { shape, dtype }] of Object.entries(step.inputs)) {
  const size = batchSize * shape.reduce((product, one) => product * one, 1);
  const data =
    dtype === 'int32'
      ? fill(new Int32Array(size), (_, i) => i % shape[0])
      : fill(new Float32Array(size), () => stream.uniform());
  batch[`input/${name}`] = { shape: [batchSize, ...shape], dtype, data };
}
const backend = process.env.MEDBENCH_BENCH_BACKEND === 'xla-cpu' ? new XlaCpu() : new Compiled();
const shared = cache ? { cache } : {};
const estimator = { estimate: (program) => backend.estimate(program, shared) };
const { peakBytes, checkBytes } = await step.memory(estimator);
const options = { selfCheck: check, ...shared };
const session = await step.load(backend, step.initialState(initialise(parameters, 1)), options);
const began = performance.now();
for (let i = 0; i < steps; i++) await session.step(batch);
const seconds = (performance.now() - began) / 1000 / steps;
await session.dispose();
const mebibytes = (bytes) => Math.round(bytes / 2 ** 20);
console.log(
  JSON.stringify({
    predictedMiB: mebibytes(peakBytes + (check ? checkBytes : 0)),
    measuredMiB: mebibytes(process.resourceUsage().maxRSS * 1024),
    steps,
    seconds: Number(seconds.toFixed(2)),
  }),
);
