// One engine in a process of its own: `node tfjs-step.mjs ENGINE CASE FILE`, then lines "run N" on stdin; each is
// answered by a line of JSON with the milliseconds of N steps, the last loss and the peak memory.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { Compiled } from '@medbench/backends-compiled';
import { NativeTensorFlow } from '@medbench/backends-tensorflow';
import { Wasm } from '@medbench/backends-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { CASES } from './cases.mjs';
import { initialState, trainingProgram } from './model.mjs';
import { parseStart } from './start.mjs';

const [engine, name, file] = process.argv.slice(2);
const backend = {
  compiled: () => new Compiled(),
  wasm: () => new Wasm(),
  'wasm-as-shipped': () => new Wasm(),
  tensorflow: () => new NativeTensorFlow(),
}[engine]();
let shipped;
if (engine === 'wasm-as-shipped') {
  // The matrix product of TensorFlow.js's own WebAssembly engine, before ours is laid over it.
  createRequire(new URL('../../packages/backends-wasm/package.json', import.meta.url))('@tensorflow/tfjs-backend-wasm');
  shipped = tf.getKernel('BatchMatMul', 'wasm');
}
const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);

const status = await backend.status();
if (!status.available) {
  say({ unavailable: status.reason });
  process.exit(0);
}
if (shipped) {
  tf.unregisterKernel('BatchMatMul', 'wasm');
  tf.registerKernel(shipped);
}
const { parameters, batches } = parseStart(readFileSync(file), CASES[name]);
const started = performance.now();
// The check against the eager engine is the tests' matter; here it would only count as memory.
const session = await backend.load(trainingProgram(name, CASES[name]), initialState(CASES[name], parameters), {
  selfCheck: false,
  log: console.error,
});
const version = engine === 'tensorflow' ? tf.backend().binding.TF_Version : undefined;
say({ ready: (performance.now() - started) / 1000, version });
let step = 0;
for await (const line of createInterface({ input: process.stdin })) {
  const count = Number(line.split(' ')[1]);
  const ms = [];
  const losses = [];
  for (let i = 0; i < count; i++) {
    const batch = batches[step++ % batches.length];
    const from = performance.now();
    const outputs = await session.step(batch);
    ms.push(performance.now() - from);
    losses.push(outputs.loss.data[0]);
  }
  say({ ms, losses, peakMiB: process.resourceUsage().maxRSS / 1024 });
}
await session.dispose();
