// Steps in which memory is collected, and used for something else, after each address that is taken of a short array. An
// array that only an address points to is gone then, in optimised code: run by node --expose-gc --always-turbofan. Prints
// the number of steps and of failures.
import { createRequire } from 'node:module';
import { compiledSession } from '@medbench/backends-compiled';
import * as tf from '@tensorflow/tfjs-core';

const require = createRequire(createRequire(import.meta.url).resolve('@medbench/backend-kit'));
const koffi = require('koffi');
const session = await compiledSession(
  {
    name: 'sum',
    state: { w: { shape: [4], dtype: 'float32' } },
    inputs: { x: { shape: [2, 3, 4], dtype: 'float32' } },
    run: ({ w }, { x }) => ({ outputs: { y: tf.add(x, w) } }),
  },
  { w: { shape: [4], dtype: 'float32', data: new Float32Array(4) } },
);
const x = { shape: [2, 3, 4], dtype: 'float32', data: new Float32Array(24) };
const { address } = koffi;
let others = [];
let collecting = false;
koffi.address = (array) => {
  const found = address(array);
  if (!collecting || array.length >= 8) return found;
  globalThis.gc();
  others = Array.from({ length: 40 }, () => new BigInt64Array(array.length).fill(0x7777n));
  for (const other of others) address(other);
  return found;
};
for (let step = 0; step < 5; step++) await session.step({ x });
collecting = true;
let [steps, failures] = [0, 0];
for (; steps < 10; steps++)
  try {
    await session.step({ x });
  } catch {
    failures += 1;
  }
console.log(JSON.stringify({ steps, failures }));
