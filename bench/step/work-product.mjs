// One large matrix product as a graph of ONNX Runtime, without medbench's session: the fastest that the runtime can be.
import { createRequire } from 'node:module';
import { traceToOnnx } from '@medbench/backends-compiled';
import { random } from '@medbench/core';
import * as tf from '@tensorflow/tfjs-core';

const require = createRequire(new URL('../../packages/backends-compiled/package.json', import.meta.url));

export async function work({ shape: [m, k, n], threads }) {
  const ort = require('onnxruntime-node');
  const float = (shape) => ({ shape, dtype: 'float32' });
  const { model } = await traceToOnnx({
    name: 'product',
    state: {},
    inputs: { left: float([m, k]), right: float([k, n]) },
    run: (_state, { left, right }) => ({ outputs: { product: tf.matMul(left, right) } }),
  });
  const options = { intraOpNumThreads: threads, interOpNumThreads: 1, graphOptimizationLevel: 'all' };
  const session = await ort.InferenceSession.create(model, options);
  const filled = (name, rows, cols) => {
    const stream = random(0, name);
    return new ort.Tensor(
      'float32',
      Float32Array.from({ length: rows * cols }, () => stream.normal()),
      [rows, cols],
    );
  };
  const given = { left: filled('left', m, k), right: filled('right', k, n) };
  const feeds = Object.fromEntries(
    session.inputNames.map((name) => [name, name.endsWith('left') ? given.left : given.right]),
  );
  // The output is preallocated, so that the measured time contains no allocation.
  const result = new ort.Tensor('float32', new Float32Array(m * n), [m, n]);
  const fetches = { [session.outputNames[0]]: result };
  return {
    async step() {
      await session.run(feeds, fetches);
      return result.data[0];
    },
    dispose: () => session.release(),
  };
}
