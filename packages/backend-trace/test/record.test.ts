import '@tensorflow/tfjs-backend-cpu';
import { layerNorm } from '@medbench/nn';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { checkSameGraph, fusedRules, Tracer } from '../src/index.js';
import { program, RULES, record, type Term, type Terms, tracer } from './terms.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe('a recording', () => {
  it('has the nodes of each kernel call, forward and backward, and names the updated state', async () => {
    const { texts, updated, results } = await record({
      ...program(({ w, bias }, { x }) => {
        const gradient = tf.grad((v) => tf.sum(tf.exp(tf.mul(v, x!))))(w!);
        return { state: { w: tf.sub(w!, gradient), bias: bias! }, outputs: { sum: tf.sum(tf.add(w!, bias!)) } };
      }),
      state: { w: { shape: [2], dtype: 'float32' }, bias: { shape: [2], dtype: 'float32' } },
    });
    // d/dw of the sum of exp(w x) is dy exp(w x) x, with dy broadcast to the shape of the summed tensor.
    const dy = 'Multiply(Reshape(constant 1), Fill 1())';
    expect(texts).toEqual({
      'next/w': `Sub(state/w, Multiply(Multiply(${dy}, Exp(Multiply(state/w, input/x))), input/x))`,
      'output/sum': 'Sum(Add(state/w, state/bias))',
    });
    expect(updated).toEqual(['w']);
    expect(results).toEqual({ sum: { shape: [], dtype: 'float32' } });
  });

  it('handles several results of one kernel', async () => {
    const { texts } = await record(
      program((_, { x }) => {
        const [first, second] = tf.split(x!, 2);
        return { outputs: { y: tf.sub(second!, first!) } };
      }),
    );
    expect(texts).toEqual({ 'output/y': 'Sub(Half1(input/x), Half0(input/x))' });
  });

  it('counts the peak number of bytes of tensors when it runs op by op', async () => {
    const { eagerBytes } = await record(
      program(({ w }, { x }) => ({ outputs: { y: tf.tidy(() => tf.exp(tf.add(w!, x!))) } })),
    );
    // w, x, their sum and its exponential: four vectors of two float32.
    expect(eagerBytes).toBe(4 * 8);
  });

  it('restores the active TensorFlow.js backend, after an error too', async () => {
    await record(program((_, { x }) => ({ outputs: { y: tf.exp(x!) } })));
    expect(tf.getBackend()).toBe('cpu');
    const failing = program(() => {
      throw new RangeError('of the program');
    });
    await expect(record(failing)).rejects.toThrow(new RangeError('of the program'));
    expect(tf.getBackend()).toBe('cpu');
  });
});

describe('a recording refuses', () => {
  const refused = (run: Parameters<typeof program>[0]) => expect(record(program(run))).rejects;

  it('a value that is read back, naming the line', async () => {
    await refused((_, { x }) => {
      const [first] = x!.dataSync();
      return { outputs: { y: tf.mul(x!, first!) } };
    }).toMatchObject({
      code: 'backend',
      message: expect.stringMatching(/dataSync.*record\.test\.ts:\d+:\d+.*no values yet/),
    });
  });

  it('a kernel without a rule, naming the line and the package of the rules', async () => {
    await refused((_, { x }) => ({ outputs: { y: tf.sin(x!) } })).toMatchObject({
      message: expect.stringMatching(/kernel Sin cannot be compiled \(at .*record\.test\.ts:\d+:\d+\)/),
      hint: expect.stringContaining('add the kernel to test/terms.ts'),
    });
  });

  it('a kernel without a rule in a gradient', async () => {
    await refused((_, { x }) => ({ outputs: { y: tf.grad((v) => tf.sum(tf.exp(tf.neg(v))))(x!) } })).toMatchObject({
      message: expect.stringMatching(/kernel Neg cannot be compiled \(at .*record\.test\.ts:\d+:\d+\)/),
    });
  });

  it('a kernel that TensorFlow.js does not have', async () => {
    await refused((_, { x }) => ({ outputs: { y: tf.engine().runKernel('Imagined', { x: x! }) } })).toMatchObject({
      code: 'backend',
      message: expect.stringContaining("Kernel 'Imagined' not registered"),
    });
  });

  it('a tensor of text', async () => {
    await refused(() => ({ outputs: { y: tf.tensor1d(['a']) } })).toMatchObject({
      message: expect.stringMatching(/cannot hold string tensors \(at .*record\.test\.ts:\d+:\d+\)/),
    });
  });

  it('a result of a rule with an element type that TensorFlow.js does not have', async () => {
    await refused((_, { x }) => ({ outputs: { y: tf.floor(x!) } })).toMatchObject({
      message: expect.stringContaining('cannot hold int64 tensors'),
    });
  });

  it('a tensor that the program kept from another call', async () => {
    let kept: tf.Tensor | undefined;
    const keeping = program((_, { x }) => {
      kept ??= tf.keep(tf.exp(x!));
      return { outputs: { y: tf.add(x!, kept) } };
    });
    await record(keeping);
    await expect(record(keeping)).rejects.toMatchObject({
      message: expect.stringMatching(/A tensor of another recording was used \(at .*record\.test\.ts/),
      hint: expect.stringContaining('put them into the state'),
    });
  });

  it('a state of another shape', async () => {
    await refused(({ w }) => ({ state: { w: tf.sum(w!) }, outputs: {} })).toThrow(
      'Program test returns the state entry w as float32 [], declared float32 [2]',
    );
  });

  it('an op outside of a recording', async () => {
    await tf.setBackend(tracer.backendName);
    try {
      expect(() => tf.exp(tf.scalar(1))).toThrow(/used on the recording backend outside of a recording/);
    } finally {
      await tf.setBackend('cpu');
    }
  });
});

describe('checkSameGraph', () => {
  it('accepts a program that records the same graph twice', async () => {
    const steady = program((_, { x }) => ({ outputs: { y: tf.mul(x!, 2) } }));
    const [first, second] = [await record(steady), await record(steady)];
    expect(() => checkSameGraph(steady, first.written, second.written)).not.toThrow();
  });

  it.each([
    [
      'random numbers',
      (x: tf.Tensor) => tf.add(x, tf.randomNormal([2])),
      'a float32 constant of shape [2] has other values each time',
    ],
    [
      'a counter',
      (x: tf.Tensor, calls: number) => (calls > 1 ? tf.exp(x) : tf.add(x, tf.exp(x))),
      'it makes 2 operations',
    ],
  ])('refuses a program with %s', async (_, compute, message) => {
    let calls = 0;
    const changing = program((_state, { x }) => ({ outputs: { y: compute(x!, ++calls) } }));
    const [first, second] = [await record(changing), await record(changing)];
    let error: unknown;
    try {
      checkSameGraph(changing, first.written, second.written);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({
      code: 'backend',
      message: expect.stringContaining(`Program test does not do the same thing twice: ${message}`),
      hint: expect.stringContaining('pass it as an input'),
    });
  });
});

describe('two tracers', () => {
  const fused = new Tracer<Terms, Term>({
    name: 'fused-terms',
    rulesPackage: 'nowhere',
    rules: {
      ...RULES,
      ...fusedRules<Terms, Term>({
        FusedLayerNorm: (terms, { x, gain, bias }, { epsilon }) => {
          const rows = [...x.shape.slice(0, -1), 1];
          const value = terms.call(`Norm ${epsilon}`, [x, gain, bias], x.shape);
          return [value, terms.call('MeanOf', [x], rows), terms.call('SpreadOf', [x], rows)];
        },
        FusedLayerNormGrad: (terms, { dy, x, gain }) => [
          terms.call('ByX', [dy, x, gain], x.shape),
          terms.call('ByGain', [dy, x], gain.shape),
          terms.call('ByBias', [dy], gain.shape),
        ],
      }),
    },
  });
  const normalising = program(({ w }, { x }) => {
    const value = (v: tf.Tensor): tf.Tensor => layerNorm(v, w!, w!);
    return { outputs: { y: value(x!), gradient: tf.grad((v) => value(v))(x!) } };
  });

  it('record by their own rules, each with the fused kernels that it offers', async () => {
    const { texts } = await record(normalising, fused);
    expect(texts['output/y']).toBe('Norm 0.00001(input/x, state/w, state/w)');
    expect(texts['output/gradient']).toMatch(/^ByX\(.*, input\/x, state\/w\)$/);
    await expect(record(normalising)).rejects.toMatchObject({
      message: expect.stringMatching(/kernel Mean cannot be compiled/),
    });
  });
});
