// Compiles a program that takes a while and runs it once. Arguments: the folder of the cache, and `kill` for a process
// that is killed in the middle of compiling.
import { XlaCpu } from '@medbench/backends-xla';
import * as tf from '@tensorflow/tfjs-core';

const SIDE = 8;
const DEPTH = 60;
const spec = { shape: [SIDE, SIDE], dtype: 'float32' };
const [cache, kill] = process.argv.slice(2);
let recorded = 0;
const program = {
  name: 'slow',
  state: {},
  inputs: { x: spec },
  selfCheck: ['y'],
  run(_, { x }) {
    let y = x;
    for (let i = 0; i < DEPTH; i++) {
      const wide = tf.concat([y, tf.slice(x, [0, 0], [SIDE, (i % (SIDE - 1)) + 1])], 1);
      y = tf.softmax(tf.matMul(tf.tanh(wide), tf.cos(wide), false, true));
    }
    // The second recording is the last thing before XLA compiles, on another thread.
    if (++recorded === 2 && kill) setTimeout(() => process.kill(process.pid, 'SIGKILL'), 100);
    return { outputs: { y } };
  },
};
const log = (line) => process.stdout.write(`${line}\n`);
const session = await new XlaCpu().load(program, {}, { cache, log });
await session.step({ x: { ...spec, data: Float32Array.from({ length: SIDE ** 2 }, (_, i) => Math.sin(i)) } });
