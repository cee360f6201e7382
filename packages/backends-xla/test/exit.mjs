// Two steps on XLA, without an end of their own: Node ends when nothing is left to do.
import { XlaCpu } from '@medbench/backends-xla';
import * as tf from '@tensorflow/tfjs-core';

const spec = { shape: [2], dtype: 'float32' };
const session = await new XlaCpu().load(
  {
    name: 'halving',
    state: { w: spec },
    inputs: { x: spec },
    run: ({ w }, { x }) => ({ state: { w: tf.mul(w, 0.5) }, outputs: { y: tf.mul(x, w) } }),
  },
  { w: { ...spec, data: Float32Array.of(2, 4) } },
);
const x = { ...spec, data: Float32Array.of(1, 10) };
await session.step({ x });
const { y } = await session.step({ x });
process.stdout.write(`${y.data.join()}\n`);
