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

/** Registers a fused kernel on the plain JavaScript backend, which has none. */
function offer<Name extends FusedName>(kernelName: Name, kernel: Kernel<Name>): void {
  tf.registerKernel({
    kernelName,
    backendName: 'cpu',
    kernelFunc: ({ inputs, attrs }) => {
      calls.push({ kernel: kernelName, attributes: { ...attrs } });
      // TensorFlow.js passes the kernel the same tensors that the layer passed.
      const kernelInputs = inputs as unknown as Kernels[Name]['inputs'];
      const result: unknown = kernel(kernelInputs, attrs as unknown as Kernels[Name]['attributes']);
      return result as tf.TensorInfo | tf.TensorInfo[];
    },
  });
}

afterEach(() => {
  calls.length = 0;
  for (const name of Object.values(FUSED)) if (tf.getKernel(name, 'cpu')) tf.unregisterKernel(name, 'cpu');
});

const random = (shape: number[], seed: number): tf.Tensor => tf.randomNormal(shape, 0, 1, 'float32', seed);
const calledKernels = (): string[] => calls.map(({ kernel }) => kernel);

/** Largest difference between tensors of the same name. */
function maxDifference(a: Readonly<Record<string, tf.Tensor>>, b: Readonly<Record<string, tf.Tensor>>): number {
  expect(Object.keys(a)).toEqual(Object.keys(b));
  return Math.max(...Object.keys(a).map((name) => tf.max(tf.abs(tf.sub(a[name]!, b[name]!))).dataSync()[0]!));
}

describe('layer norm with fused kernels', () => {
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

  /** Computes element by element in float64: dx sums the Jacobian of the normalised rows over each row. */
  const offerGradient = (): void =>
    offer('FusedLayerNormGrad', ({ dy, x, mean, inverse, gain }) => {
      const [dys, xs, means, spreads, gains] = [dy, x, mean, inverse, gain].map((tensor) => tensor.dataSync());
      const [byX, byGain, byBias] = [rows * width, width, width].map((size) => new Float64Array(size));
      for (let row = 0; row < rows; row++)
        for (let i = 0; i < width; i++) {
          const hat = (k: number): number => (xs![row * width + k]! - means![row]!) * spreads![row]!;
          const index = row * width + i;
          byGain![i]! += dys![index]! * hat(i);
          byBias![i]! += dys![index]!;
          for (let k = 0; k < width; k++) {
            const jacobian = ((i === k ? 1 : 0) - 1 / width - (hat(i) * hat(k)) / width) * spreads![row]!;
            byX![row * width + k]! += dys![index]! * gains![i]! * jacobian;
          }
        }
      const shaped = (data: Float64Array, shape: number[]): tf.Tensor => tf.tensor(Float32Array.from(data), shape);
      return [shaped(byX!, x.shape), shaped(byGain!, [width]), shaped(byBias!, [width])];
    });

  it('uses the gradient kernel if one is offered, with or without a forward kernel', () => {
    const composed = gradients();
    expect(calledKernels()).toEqual([]);
    offerGradient();
    expect(maxDifference(gradients().gradients, composed.gradients)).toBeLessThan(1e-5);
    expect(calledKernels()).toEqual(['FusedLayerNormGrad']);
    offerForward();
    const fused = gradients();
    expect(maxDifference(fused.gradients, composed.gradients)).toBeLessThan(1e-5);
    expect(maxDifference(fused.terms, composed.terms)).toBeLessThan(1e-6);
    expect(calledKernels()).toEqual(['FusedLayerNormGrad', 'FusedLayerNorm', 'FusedLayerNormGrad']);
    expect(calls.map(({ attributes }) => attributes)).toEqual([{ epsilon }, { epsilon }, { epsilon }]);
  });

  it('composes the gradient if only the forward kernel is offered', () => {
    const composed = gradients();
    offerForward();
    expect(maxDifference(gradients().gradients, composed.gradients)).toBeLessThan(1e-5);
    expect(calledKernels()).toEqual(['FusedLayerNorm']);
  });
});

describe('attention with fused kernels', () => {
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

  /** Whether a query may attend to a key, according to the attribute alone: the mask is not read. */
  const isVisible = (query: number, key: number, causal: boolean): boolean => !causal || key <= query;

  /** Attention weights `[B, h, T, S]`, computed element by element in float64. */
  function attentionWeights(q: tf.Tensor, k: tf.Tensor, causal: boolean): Float64Array {
    const [qs, ks] = [q.dataSync(), k.dataSync()];
    const weights = new Float64Array(batch * heads * length * length);
    for (let b = 0; b < batch; b++)
      for (let h = 0; h < heads; h++)
        for (let t = 0; t < length; t++) {
          const rowStart = ((b * heads + h) * length + t) * length;
          let total = 0;
          for (let s = 0; s < length; s++) {
            let dot = 0;
            for (let i = 0; i < size; i++)
              dot += qs[(b * length + t) * width + h * size + i]! * ks[(b * length + s) * width + h * size + i]!;
            weights[rowStart + s] = isVisible(t, s, causal) ? Math.exp(dot / Math.sqrt(size)) : 0;
            total += weights[rowStart + s]!;
          }
          for (let s = 0; s < length; s++) weights[rowStart + s]! /= total;
        }
    return weights;
  }

  function offerBoth(): void {
    offer('FusedAttention', ({ q, k, v }, { causal }) => {
      const weights = attentionWeights(q, k, causal);
      const vs = v.dataSync();
      const out = new Float32Array(batch * length * width);
      visitAll((b, h, t, s, i) => {
        out[(b * length + t) * width + h * size + i]! +=
          weights[((b * heads + h) * length + t) * length + s]! * vs[(b * length + s) * width + h * size + i]!;
      });
      return tf.tensor(out, [batch, length, width]);
    });
    offer('FusedAttentionGrad', ({ q, k, v, dy }, { causal }) => {
      const weights = attentionWeights(q, k, causal);
      const [qs, ks, vs, dys] = [q, k, v, dy].map((tensor) => tensor.dataSync());
      const byWeights = new Float64Array(weights.length);
      const [byQ, byK, byV] = [0, 1, 2].map(() => new Float32Array(batch * length * width));
      visitAll((b, h, t, s, i) => {
        const [queryIndex, keyIndex] = [
          (b * length + t) * width + h * size + i,
          (b * length + s) * width + h * size + i,
        ];
        byWeights[((b * heads + h) * length + t) * length + s]! += dys![queryIndex]! * vs![keyIndex]!;
        byV![keyIndex]! += weights[((b * heads + h) * length + t) * length + s]! * dys![queryIndex]!;
      });
      visitAll((b, h, t, s, i) => {
        const rowStart = ((b * heads + h) * length + t) * length;
        let across = 0;
        for (let j = 0; j < length; j++) across += weights[rowStart + j]! * byWeights[rowStart + j]!;
        const byLogit = (weights[rowStart + s]! * (byWeights[rowStart + s]! - across)) / Math.sqrt(size);
        const [queryIndex, keyIndex] = [
          (b * length + t) * width + h * size + i,
          (b * length + s) * width + h * size + i,
        ];
        byQ![queryIndex]! += byLogit * ks![keyIndex]!;
        byK![keyIndex]! += byLogit * qs![queryIndex]!;
      });
      const shaped = (data: Float32Array): tf.Tensor => tf.tensor(data, [batch, length, width]);
      return [shaped(byQ!), shaped(byK!), shaped(byV!)];
    });
  }
  function visitAll(visit: (b: number, h: number, t: number, s: number, i: number) => void): void {
    for (let b = 0; b < batch; b++)
      for (let h = 0; h < heads; h++)
        for (let t = 0; t < length; t++)
          for (let s = 0; s < length; s++) for (let i = 0; i < size; i++) visit(b, h, t, s, i);
  }

  it.each([false, true])(
    'uses the kernels for value and gradients, and passes on whether the mask is causal: %s',
    (causal) => {
      const composed = gradients(causal);
      expect(calledKernels()).toEqual([]);
      offerBoth();
      const fused = gradients(causal);
      expect(maxDifference(fused.terms, composed.terms)).toBeLessThan(1e-6);
      expect(maxDifference(fused.gradients, composed.gradients)).toBeLessThan(1e-5);
      expect(calls).toEqual([
        { kernel: 'FusedAttention', attributes: { heads, causal } },
        { kernel: 'FusedAttentionGrad', attributes: { heads, causal } },
      ]);
    },
  );

  it('receives from a block whether its mask is causal', () => {
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
