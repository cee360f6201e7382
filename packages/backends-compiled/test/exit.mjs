// Two steps and one that has only begun. Without an argument, Node ends when nothing is left to do. With `now`, it ends
// in the middle of the step.
import { compiledSession } from '@medbench/backends-compiled';
import * as tf from '@tensorflow/tfjs-core';

const spec = { shape: [1024, 1024], dtype: 'float32' };
const session = await compiledSession(
  {
    name: 'halving',
    state: { w: spec },
    inputs: { x: spec },
    run: ({ w }, { x }) => ({
      state: { w: tf.mul(w, 0.5) },
      outputs: { y: tf.sum(tf.matMul(tf.matMul(x, x), tf.matMul(x, w))) },
    }),
  },
  { w: { ...spec, data: new Float32Array(2 ** 20).fill(2 ** -20) } },
);
const x = { ...spec, data: new Float32Array(2 ** 20).fill(2 ** -10) };
await session.step({ x });
const { y } = await session.step({ x });
const last = session.step({ x });
process.stdout.write(`${y.data[0]}\n`);
if (process.argv[2] === 'now') setTimeout(() => process.exit(0), 5);
else await last;
