import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { block, causalMask, differentiate, layerNorm, scaledDotProduct, transformerParameters } from './index.js';
import { FUSED, type FusedKernels, type FusedName } from './kernels.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

type Kernels = FusedKernels<tf.Tensor>;
type Kernel<Name extends FusedName> = (
  inputs: Kernels[Name]['inputs'],
  attributes: Kernels[Name]['attributes'],
) => Kernels[Name]['outputs'];

const calls: { readonly kernel: string; readonly attributes: object }[] = [];

/** Offers a kernel on the plain JavaScript backend, which has none of these. */
function offer<Name extends FusedName>(kernelName: Name, kernel: Kernel<Name>): void {
  tf.registerKernel({
    kernelName,
    backendName: 'cpu',
    kernelFunc: ({ inputs, attrs }) => {
      calls.push({ kernel: kernelName, attributes: { ...attrs } });
      // TensorFlow.js hands on the tensors that it was given.
      const given = inputs as unknown as Kernels[Name]['inputs'];
      const result: unknown = kernel(given, attrs as unknown as Kernels[Name]['attributes']);
      return result as tf.TensorInfo | tf.TensorInfo[];
    },
  });
}

afterEach(() => {
  calls.length = 0;
  for (const name of Object.values(FUSED)) if (tf.getKernel(name, 'cpu')) tf.unregisterKernel(name, 'cpu');
});

const random = (shape: number[], seed: number): tf.Tensor => tf.randomNormal(shape, 0, 1, 'float32', seed);
const called = (): string[] => calls.map(({ kernel }) => kernel);

/** Largest difference of tensors by name. */
function apart(a: Readonly<Record<string, tf.Tensor>>, b: Readonly<Record<string, tf.Tensor>>): number {
  expect(Object.keys(a)).toEqual(Object.keys(b));
  return Math.max(...Object.keys(a).map((name) => tf.max(tf.abs(tf.sub(a[name]!, b[name]!))).dataSync()[0]!));
}

describe('layer norm', () => {
  const [rows, width] = [6, 5];
  const epsilon = 1e-5;
  const variables = { x: random([2, 3, width], 1), gain: random([width], 2), bias: random([width], 3) };
  const weighting = random([2, 3, width], 4);
  const gradients = () =>
    differentiate(variables, ({ x, gain, bias }) => {
      const value = layerNorm(x!, gain!, bias!, epsilon);
      return { value: tf.sum(tf.mul(value, weighting)) as tf.Scalar, terms: { value } };
    });

  const offerForward = (): void =>
    offer('FusedLayerNorm', ({ x, gain, bias }) => {
      const { mean, variance } = tf.moments(x, -1, true);
      const inverse = tf.rsqrt(tf.add(variance, epsilon));
      return [tf.add(tf.mul(tf.mul(tf.sub(x, mean), inverse), gain), bias), mean, inverse];
    });

  /** Element by element in float64: dx is the gradient of the normalised rows by their inputs, summed over the row. */
  const offerGradient = (): void =>
    offer('FusedLayerNormGrad', ({ dy, x, mean, inverse, gain }) => {
      const [dys, xs, means, spreads, gains] = [dy, x, mean, inverse, gain].map((one) => one.dataSync());
      const [byX, byGain, byBias] = [rows * width, width, width].map((size) => new Float64Array(size));
      for (let row = 0; row < rows; row++)
        for (let i = 0; i < width; i++) {
          const hat = (k: number): number => (xs![row * width + k]! - means![row]!) * spreads![row]!;
          const at = row * width + i;
          byGain![i]! += dys![at]! * hat(i);
          byBias![i]! += dys![at]!;
          for (let k = 0; k < width; k++) {
            const jacobian = ((i === k ? 1 : 0) - 1 / width - (hat(i) * hat(k)) / width) * spreads![row]!;
            byX![row * width + k]! += dys![at]! * gains![i]! * jacobian;
          }
        }
      const shaped = (data: Float64Array, shape: number[]): tf.Tensor => tf.tensor(Float32Array.from(data), shape);
      return [shaped(byX!, x.shape), shaped(byGain!, [width]), shaped(byBias!, [width])];
    });

  it('takes its gradient from the kernel where one is offered, whether or not the forward pass is', () => {
    const composed = gradients();
    expect(called()).toEqual([]);
    offerGradient();
    expect(apart(gradients().gradients, composed.gradients)).toBeLessThan(1e-5);
    expect(called()).toEqual(['FusedLayerNormGrad']);
    offerForward();
    const fused = gradients();
    expect(apart(fused.gradients, composed.gradients)).toBeLessThan(1e-5);
    expect(apart(fused.terms, composed.terms)).toBeLessThan(1e-6);
    expect(called()).toEqual(['FusedLayerNormGrad', 'FusedLayerNorm', 'FusedLayerNormGrad']);
    expect(calls.map(({ attributes }) => attributes)).toEqual([{ epsilon }, { epsilon }, { epsilon }]);
  });

  it('composes the gradient where only the forward pass is offered', () => {
    const composed = gradients();
    offerForward();
    expect(apart(gradients().gradients, composed.gradients)).toBeLessThan(1e-5);
    expect(called()).toEqual(['FusedLayerNorm']);
  });
});

describe('attention', () => {
  const [batch, length, heads, size] = [2, 4, 2, 3];
  const width = heads * size;
  const variables = {
    q: random([batch, length, width], 1),
    k: random([batch, length, width], 2),
    v: random([batch, length, width], 3),
  };
  const weighting = random([batch, length, width], 4);
  const gradients = (causal: boolean) =>
    differentiate(variables, ({ q, k, v }) => {
      const mask = causal ? causalMask(length) : undefined;
      const value = scaledDotProduct(q as tf.Tensor3D, k as tf.Tensor3D, v as tf.Tensor3D, { heads, mask, causal });
      return { value: tf.sum(tf.mul(value, weighting)) as tf.Scalar, terms: { value } };
    });

  /** Where a query may look, by the attribute alone: the mask is not read. */
  const open = (query: number, key: number, causal: boolean): boolean => !causal || key <= query;

  /** Weights `[B, h, T, S]` of queries and keys, element by element in float64. */
  function weightsOf(q: tf.Tensor, k: tf.Tensor, causal: boolean): Float64Array {
    const [qs, ks] = [q.dataSync(), k.dataSync()];
    const weights = new Float64Array(batch * heads * length * length);
    for (let b = 0; b < batch; b++)
      for (let h = 0; h < heads; h++)
        for (let t = 0; t < length; t++) {
          const at = ((b * heads + h) * length + t) * length;
          let total = 0;
          for (let s = 0; s < length; s++) {
            let dot = 0;
            for (let i = 0; i < size; i++)
              dot += qs[(b * length + t) * width + h * size + i]! * ks[(b * length + s) * width + h * size + i]!;
            weights[at + s] = open(t, s, causal) ? Math.exp(dot / Math.sqrt(size)) : 0;
            total += weights[at + s]!;
          }
          for (let s = 0; s < length; s++) weights[at + s]! /= total;
        }
    return weights;
  }

  function offerBoth(): void {
    offer('FusedAttention', ({ q, k, v }, { causal }) => {
      const weights = weightsOf(q, k, causal);
      const vs = v.dataSync();
      const out = new Float32Array(batch * length * width);
      each((b, h, t, s, i) => {
        out[(b * length + t) * width + h * size + i]! +=
          weights[((b * heads + h) * length + t) * length + s]! * vs[(b * length + s) * width + h * size + i]!;
      });
      return tf.tensor(out, [batch, length, width]);
    });
    offer('FusedAttentionGrad', ({ q, k, v, dy }, { causal }) => {
      const weights = weightsOf(q, k, causal);
      const [qs, ks, vs, dys] = [q, k, v, dy].map((one) => one.dataSync());
      const byWeights = new Float64Array(weights.length);
      const [byQ, byK, byV] = [0, 1, 2].map(() => new Float32Array(batch * length * width));
      each((b, h, t, s, i) => {
        const [at, to] = [(b * length + t) * width + h * size + i, (b * length + s) * width + h * size + i];
        byWeights[((b * heads + h) * length + t) * length + s]! += dys![at]! * vs![to]!;
        byV![to]! += weights[((b * heads + h) * length + t) * length + s]! * dys![at]!;
      });
      each((b, h, t, s, i) => {
        const row = ((b * heads + h) * length + t) * length;
        let across = 0;
        for (let j = 0; j < length; j++) across += weights[row + j]! * byWeights[row + j]!;
        const byLogit = (weights[row + s]! * (byWeights[row + s]! - across)) / Math.sqrt(size);
        const [at, to] = [(b * length + t) * width + h * size + i, (b * length + s) * width + h * size + i];
        byQ![at]! += byLogit * ks![to]!;
        byK![to]! += byLogit * qs![at]!;
      });
      const shaped = (data: Float32Array): tf.Tensor => tf.tensor(data, [batch, length, width]);
      return [shaped(byQ!), shaped(byK!), shaped(byV!)];
    });
  }
  function each(visit: (b: number, h: number, t: number, s: number, i: number) => void): void {
    for (let b = 0; b < batch; b++)
      for (let h = 0; h < heads; h++)
        for (let t = 0; t < length; t++)
          for (let s = 0; s < length; s++) for (let i = 0; i < size; i++) visit(b, h, t, s, i);
  }

  it.each([false, true])(
    'takes value and gradients from the kernels, told whether the mask is causal: %s',
    (causal) => {
      const composed = gradients(causal);
      expect(called()).toEqual([]);
      offerBoth();
      const fused = gradients(causal);
      expect(apart(fused.terms, composed.terms)).toBeLessThan(1e-6);
      expect(apart(fused.gradients, composed.gradients)).toBeLessThan(1e-5);
      expect(calls).toEqual([
        { kernel: 'FusedAttention', attributes: { heads, causal } },
        { kernel: 'FusedAttentionGrad', attributes: { heads, causal } },
      ]);
    },
  );

  it('is told by a block that its mask is causal', () => {
    offerBoth();
    const specs = transformerParameters('', { width, layers: 1 });
    const parameters = Object.fromEntries(specs.map(({ name, shape }, i) => [name, random([...shape], 10 + i)]));
    const x = random([batch, length, width], 5) as tf.Tensor3D;
    block(parameters, 'resblocks.0.', x, { heads, mask: causalMask(length), causal: true });
    block(parameters, 'resblocks.0.', x, { heads });
    expect(calls.map(({ attributes }) => attributes)).toEqual([
      { heads, causal: true },
      { heads, causal: false },
    ]);
  });
});
