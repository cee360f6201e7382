import { activateWasm } from '@medbench/backends-wasm';
import type { HostTensor, HostTensors, Program } from '@medbench/core';
import { integers, normal } from '@medbench/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { traceToOnnx } from '../src/index.js';
import { compiledSession } from '../src/session.js';

const float = (...values: number[]): HostTensor => ({
  shape: [values.length],
  dtype: 'float32',
  data: Float32Array.from(values),
});
const program = (
  run: Program['run'],
  inputs: HostTensors = { x: float(1, 2, 3) },
  state: HostTensors = {},
  selfCheck?: readonly string[],
): Program => {
  const specs = (tensors: HostTensors) =>
    Object.fromEntries(Object.entries(tensors).map(([name, { shape, dtype }]) => [name, { shape, dtype }]));
  return { name: 'test', state: specs(state), inputs: specs(inputs), run, ...(selfCheck ? { selfCheck } : {}) };
};

describe('compiling a program', () => {
  it('fails if the program reads a value back, and names the line', async () => {
    const reading = program((_, { x }) => {
      const [first] = x!.dataSync();
      return { outputs: { y: tf.mul(x!, first!) } };
    });
    await expect(compiledSession(reading, {})).rejects.toMatchObject({
      name: 'MedbenchError',
      code: 'backend',
      message: expect.stringMatching(/dataSync.*session\.test\.ts:\d+:\d+.*no values yet/),
    });
  });

  it('fails at a kernel without a rule, and names it and the line that uses it, also within a gradient', async () => {
    const resizing = program(
      (_, { x }) => ({
        outputs: { y: tf.grad((z) => tf.sum(tf.image.resizeBilinear(z as tf.Tensor4D, [4, 4])))(x!) },
      }),
      { x: normal('image', [1, 2, 2, 1]) },
    );
    await expect(compiledSession(resizing, {})).rejects.toMatchObject({
      message: expect.stringMatching(/kernel ResizeBilinear cannot be compiled \(at .*session\.test\.ts:\d+:\d+\)/),
    });
  });

  it('fails if random numbers would be baked in, and names their shape', async () => {
    const random = program((_, { x }) => ({ outputs: { y: tf.add(x!, tf.randomNormal([2, 3])) } }), {
      x: normal('x', [2, 3]),
    });
    await expect(compiledSession(random, {})).rejects.toMatchObject({
      message: expect.stringMatching(/float32 constant of shape \[2, 3\] has other values each time/),
      hint: expect.stringMatching(/pass it as an input/),
    });
  });

  it('does not change the active TensorFlow.js backend', async () => {
    await activateWasm();
    await compiledSession(
      program((_, { x }) => ({ outputs: { y: tf.neg(x!) } })),
      {},
    );
    expect(tf.getBackend()).toBe('wasm');
  });
});

describe('the recorded graph', () => {
  it('holds each subexpression once, drops unused nodes and inputs, and keeps fills out of the file', async () => {
    const { nodeCount, model, inputs, outputs } = await traceToOnnx(
      program(
        (_, { x }) => {
          tf.exp(x!);
          const fill = tf.zeros([512, 512]);
          return { outputs: { y: tf.add(tf.sin(x!), tf.sin(x!)), z: tf.concat([fill, tf.reshape(x!, [1, 512])]) } };
        },
        { x: normal('x', [512]), unused: float(1) },
      ),
    );
    // Sin and Add for y; ConstantOfShape, Reshape and Concat for z.
    expect(nodeCount).toBe(5);
    expect(model.byteLength).toBeLessThan(2000);
    expect(inputs).toEqual(['input/x']);
    expect(outputs).toEqual(['output/y', 'output/z']);
  });

  it('fuses a product with its bias, unless the bare product is needed too', async () => {
    const inputs = { x: normal('x', [3, 4]), w: normal('w', [5, 4]), b: normal('b', [5]) };
    const affine = (use: (product: tf.Tensor, sum: tf.Tensor) => tf.Tensor) =>
      traceToOnnx(
        program((_, { x, w, b }) => {
          const product = tf.matMul(x!, w!, false, true);
          return { outputs: { y: use(product, tf.add(product, b!)) } };
        }, inputs),
      );
    expect((await affine((_, sum) => sum)).nodeCount).toBe(1);
    expect((await affine((product, sum) => tf.mul(product, sum))).nodeCount).toBe(3);
  });

  it('adds repeated rows in the same order every time', async () => {
    const rows = normal('rows', [4096, 64]);
    const ids = integers('rows', [4096], 7);
    const session = await compiledSession(
      program((_, { x, i }) => ({ outputs: { y: tf.unsortedSegmentSum(x!, i as tf.Tensor1D, 7) } }), {
        x: rows,
        i: ids,
      }),
      {},
    );
    const first = (await session.step({ x: rows, i: ids })).y!.data;
    for (let i = 0; i < 50; i++) expect((await session.step({ x: rows, i: ids })).y!.data).toEqual(first);
    await session.dispose();
  });
});
