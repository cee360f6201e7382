import { readFileSync } from 'node:fs';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { adamax, adamW, clipByGlobalNorm, warmupCosine } from './index.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

/** Ten steps of `torch.optim.Adamax`, made by `scripts/oracles/fine_tuned_vqa.py`. */
interface AdamaxFixture {
  readonly start: number[];
  readonly steps: readonly {
    readonly rate: number;
    readonly gradient: number[];
    readonly value: readonly number[];
  }[];
}

const OPTIONS = { beta1: 0.9, beta2: 0.98, epsilon: 1e-6 };

describe('adamW', () => {
  it('follows the golden scalar: p = 1, lr 0.01, wd 0.2, gradients 0.1, 0.2, 0.3', () => {
    let state: Omit<Parameters<typeof adamW>[0], 'gradients'> = {
      parameters: { p: tf.scalar(1) },
      firstMoments: { p: tf.scalar(0) },
      secondMoments: { p: tf.scalar(0) },
    };
    [0.9880001, 0.9764000119, 0.9649193865].forEach((expected, step) => {
      state = adamW(
        { ...state, gradients: { p: tf.scalar((step + 1) / 10) } },
        { ...OPTIONS, learningRate: tf.scalar(0.01), step: tf.scalar(step), weightDecay: 0.2, decay: () => true },
      );
      expect(state.parameters.p!.dataSync()[0]).toBeCloseTo(expected, 6);
    });
  });

  it('decays matrices, but not vectors or position tables', () => {
    const zeros = (): Record<string, tf.Tensor> => ({
      matrix: tf.zeros([2, 2]),
      vector: tf.zeros([2]),
      positional_embedding: tf.zeros([2, 2]),
    });
    const ones = { matrix: tf.ones([2, 2]), vector: tf.ones([2]), positional_embedding: tf.ones([2, 2]) };
    const { parameters } = adamW(
      { parameters: ones, gradients: zeros(), firstMoments: zeros(), secondMoments: zeros() },
      { ...OPTIONS, learningRate: tf.scalar(0.1), step: tf.scalar(0), weightDecay: 0.5 },
    );
    expect(parameters.matrix!.dataSync()[0]).toBeCloseTo(0.95, 6);
    expect(parameters.vector!.dataSync()[0]).toBe(1);
    expect(parameters.positional_embedding!.dataSync()[0]).toBe(1);
  });
});

describe('adamax', () => {
  it("has the values of PyTorch's for ten steps, with a learning rate of its own for each", () => {
    const { start, steps }: AdamaxFixture = JSON.parse(
      readFileSync(new URL('../fixtures/adamax.json', import.meta.url), 'utf8'),
    );
    let state: Omit<Parameters<typeof adamax>[0], 'gradients'> = {
      parameters: { p: tf.tensor1d(start) },
      firstMoments: { p: tf.zeros([4]) },
      secondMoments: { p: tf.zeros([4]) },
    };
    for (const [step, { rate, gradient, value }] of steps.entries()) {
      // A gradient scaled up, and the factor that clipping would give for it.
      const scaled = tf.mul(tf.tensor1d(gradient), 8);
      state = adamax(
        { ...state, gradients: { p: scaled } },
        { learningRate: tf.scalar(rate), step: tf.scalar(step), gradientScale: tf.scalar(1 / 8) },
      );
      for (const [i, actual] of state.parameters.p!.dataSync().entries()) expect(actual).toBeCloseTo(value[i]!, 6);
    }
    expect(state.parameters.p!.dataSync()[3]).toBe(Math.fround(start[3]!));
  });
});

describe('warmupCosine', () => {
  const schedule = warmupCosine({ learningRate: 5e-4, warmup: 10, total: 100 });
  it.each([
    [0, 5e-5],
    [4, 2.5e-4],
    [9, 5e-4],
    [10, 5e-4],
    [55, 2.5e-4],
    [99, 1.52293e-7],
  ])('gives at step %i the learning rate %d', (step, expected) => {
    expect(schedule.at(step)).toBeCloseTo(expected, 11);
    // The graph computes in float32, where 1 + cos near π is exact only to seven digits of 2.
    expect(Math.abs(schedule.tensor(tf.scalar(step)).dataSync()[0]! - expected)).toBeLessThan(
      5e-4 * 2e-7 + 1e-6 * expected,
    );
  });

  it('starts at the peak if there is no warm-up', () => {
    expect(warmupCosine({ learningRate: 1, warmup: 0, total: 4 }).tensor(tf.scalar(0)).dataSync()[0]).toBe(1);
  });
});

describe('clipByGlobalNorm', () => {
  const gradients = { a: tf.tensor1d([3]), b: tf.tensor1d([4]) };
  it('returns the factor that limits the joint norm of all gradients to the maximum', () => {
    const { factor, norm } = clipByGlobalNorm(gradients, 1);
    expect(norm.dataSync()[0]).toBeCloseTo(5, 6);
    expect(factor!.dataSync()[0]).toBeCloseTo(0.2, 6);
  });
  it('returns the factor 1 for a smaller norm, and no factor without a maximum', () => {
    expect(clipByGlobalNorm(gradients, 10).factor!.dataSync()[0]).toBe(1);
    expect(clipByGlobalNorm(gradients, null).factor).toBeNull();
  });
  it('returns a factor that the optimizer applies as if the gradients were scaled', () => {
    const parameters = { w: tf.tensor1d([1, -2, 0.5]) };
    const zeros = { w: tf.zeros([3]) };
    const options = {
      learningRate: tf.scalar(0.1),
      step: tf.scalar(3),
      beta1: 0.9,
      beta2: 0.98,
      epsilon: 1e-6,
      weightDecay: 0,
    };
    const step = (gradient: number[], gradientScale: tf.Scalar | null) =>
      adamW(
        { parameters, gradients: { w: tf.tensor1d(gradient) }, firstMoments: zeros, secondMoments: zeros },
        { ...options, gradientScale },
      );
    const scaled = step([10, -20, 5], tf.scalar(0.1));
    const plain = step([1, -2, 0.5], null);
    for (const kind of ['parameters', 'firstMoments', 'secondMoments'] as const)
      plain[kind].w!.dataSync().forEach((value, i) => expect(scaled[kind].w!.dataSync()[i]).toBeCloseTo(value, 6));
  });
});
