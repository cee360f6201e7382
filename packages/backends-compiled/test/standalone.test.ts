import type { HostTensor, HostTensors, Program } from '@medbench/core';
import { normal } from '@medbench/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { runOnnx, standaloneOnnx, traceToOnnx } from '../src/index.js';

const WIDTH = 6;
/** Makes programs that apply a function to rows `[B, 6]`, for any B. */
const onRows =
  (run: (x: tf.Tensor2D, batch: number) => tf.Tensor, state: Program['state'] = {}) =>
  (batch: number): Program => ({
    name: 'rows',
    state,
    inputs: { x: { shape: [batch, WIDTH], dtype: 'float32' } },
    run: (_, { x }) => ({ outputs: { y: run(x as tf.Tensor2D, batch) } }),
  });
const runFile = async (file: Uint8Array, x: HostTensor): Promise<HostTensor> => (await runOnnx(file, { x })).y!;

describe('a standalone file for batches of any size', () => {
  it('computes shapes that cannot be left open, such as those of a broadcast and a fill', async () => {
    const file = await standaloneOnnx(
      onRows((x, batch) => {
        const token = tf.broadcastTo(tf.tensor2d([7, 8, 9, 10, 11, 12], [1, WIDTH]), [batch, WIDTH]);
        return tf.concat(
          [tf.fill([batch, 2], 5), token, tf.reshape(tf.exp(tf.reshape(x, [batch * 2, 3])), [batch, WIDTH])],
          1,
        );
      }),
      {},
    );
    for (const batch of [1, 4]) {
      const x = normal('x', [batch, WIDTH]);
      const { shape, data } = await runFile(file, x);
      expect(shape).toEqual([batch, 2 + 2 * WIDTH]);
      const rows = Array.from({ length: batch }, (_, i) => [
        ...[5, 5, 7, 8, 9, 10, 11, 12],
        ...Array.from(x.data.slice(i * WIDTH, (i + 1) * WIDTH), Math.exp),
      ]);
      rows.flat().forEach((value, i) => expect(data[i]).toBeCloseTo(value, 5));
    }
  });

  it('is refused if more than shapes depends on the batch size', async () => {
    const refused = (run: Parameters<typeof onRows>[0]) =>
      expect(standaloneOnnx(onRows(run), {})).rejects.toMatchObject({
        name: 'MedbenchError',
        message: expect.stringContaining('rows cannot be written for batches of any size'),
        hint: expect.stringContaining('--batch'),
      });
    await refused((x, batch) => tf.mul(x, 1 / batch));
    await refused((x, batch) => tf.add(x, tf.reshape(tf.range(0, batch), [batch, 1])));
    await refused((x, batch) => (batch > 102 ? tf.sin(x) : tf.cos(x)));
    await refused((x, batch) => (batch > 102 ? tf.sin(tf.sin(x)) : tf.sin(x)));
  });

  it('is written for one batch size if that size is given', async () => {
    const file = await standaloneOnnx(
      onRows((x, batch) => tf.mul(x, 1 / batch)),
      {},
      { batch: 4 },
    );
    const x = normal('x', [4, WIDTH]);
    expect([...(await runFile(file, x)).data]).toEqual([...x.data].map((value) => value / 4));
  });
});

describe('a standalone file', () => {
  it('is refused above 2 GiB, with a hint', async () => {
    // The array is never written to, so it takes no physical memory.
    const huge: HostTensors = { w: { shape: [2 ** 29], dtype: 'float32', data: new Float32Array(2 ** 29) } };
    const program = onRows((x) => x, { w: { shape: [2 ** 29], dtype: 'float32' } });
    await expect(standaloneOnnx(program, huge)).rejects.toMatchObject({
      message: 'The weights of rows take 2.00 GiB; an ONNX file holds 2 GiB',
      hint: expect.stringContaining('--format safetensors'),
    });
  });

  it('is refused for a program that changes its state', async () => {
    const counting: Program = {
      name: 'counting',
      state: { count: { shape: [], dtype: 'float32' } },
      inputs: { x: { shape: [1], dtype: 'float32' } },
      run: ({ count }, { x }) => ({ state: { count: tf.add(count!, 1) }, outputs: { y: tf.add(x!, count!) } }),
    };
    await expect(standaloneOnnx(() => counting, {})).rejects.toThrow('counting changes its state');
  });
});

it('a portable graph has only operators of the ONNX standard', async () => {
  const program: Program = {
    name: 'products',
    state: {},
    inputs: { a: { shape: [2, 3, 4], dtype: 'float32' }, b: { shape: [2, 5, 4], dtype: 'float32' } },
    run: (_, { a, b }) => ({ outputs: { y: tf.matMul(a!, b!, false, true), z: tf.matMul(b!, a!, false, true) } }),
  };
  const native = Buffer.from((await traceToOnnx(program)).model);
  const portable = Buffer.from((await traceToOnnx(program, { portable: true })).model);
  expect([native.includes('FusedMatMul'), native.includes('com.microsoft')]).toEqual([true, true]);
  expect([portable.includes('FusedMatMul'), portable.includes('com.microsoft')]).toEqual([false, false]);
  const [a, b] = [normal('a', [2, 3, 4]), normal('b', [2, 5, 4])];
  const feeds = { 'input/a': a, 'input/b': b };
  expect(await runOnnx(portable, feeds)).toEqual(await runOnnx(native, feeds));
});
