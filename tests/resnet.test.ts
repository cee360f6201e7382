import { readFileSync } from 'node:fs';
import { elementCount, type ForwardOptions, type HostTensor, type HostTensors, type Program } from '@medbench/core';
import { resnetModel } from '@medbench/encoders-resnet';
import { differentiate } from '@medbench/nn';
import { gradientError, relativeError, scattered, type TowerOracle } from '@medbench/nn/testing';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { backends } from './support/backends.js';

/**
 * One pass by open_clip (`scripts/oracles/resnet.py`): whole embeddings; of the other tensors, last values and norms.
 */
interface Pass {
  readonly embedding: readonly number[];
  readonly tokens: TowerOracle['gradients'][string];
  readonly loss: number;
  readonly gradients: TowerOracle['gradients'];
  readonly buffers: TowerOracle['gradients'];
}
type Mode = 'evaluation' | 'training' | 'frozen';
type Oracle = { readonly shapes: Readonly<Record<string, readonly number[]>> } & Readonly<Record<Mode, Pass>>;

const oracle: Oracle = JSON.parse(readFileSync(new URL('fixtures/resnet.json', import.meta.url), 'utf8'));
const model = resnetModel({ id: 'oracle', imageSize: 64, baseWidth: 16, layers: [1, 2, 1, 1], embedDim: 16 });
const buffers = new Set(model.parameters.flatMap(({ name, buffer }) => (buffer ? [name] : [])));
const stem = model.stages.filter(({ name }) => name === 'stem' || name.startsWith('layer1.'));
const frozen = new Set(stem.flatMap(({ parameters }) => parameters));

/**
 * This bias adds a constant to all logits of a query, so its gradient is zero in exact arithmetic and noise in floating
 * point.
 */
const KEY_BIAS = 'attnpool.k_proj.bias';

/** A weight of the oracle, from its name and shape. */
function oracleWeight(name: string, shape: readonly number[]): HostTensor {
  const offset = [...name].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % 1000;
  const fanIn = elementCount(shape.slice(1));
  const scale = shape.length < 2 ? 0.3 : 2 / Math.sqrt(fanIn);
  const gain = /bn|downsample\.1/.test(name) && /(weight|running_var)$/.test(name) ? 1 : 0;
  const data = Float32Array.from({ length: fanIn * shape[0]! }, (_, k) => gain + scale * scattered(k, offset));
  return { shape, dtype: 'float32', data };
}

/** The oracle's four images: `[4, 3, 64, 64]` in PyTorch, `[4, 64, 64, 3]` here. */
const images: HostTensor = {
  shape: [4, 64, 64, 3],
  dtype: 'float32',
  data: Float32Array.from({ length: 4 * 64 * 64 * 3 }, (_, i) => {
    const [image, pixel, channel] = [Math.floor(i / 12288), Math.floor((i % 12288) / 3), i % 3];
    return scattered(image * 12288 + channel * 4096 + pixel, 0);
  }),
};

const OPTIONS: Record<Mode, ForwardOptions> = {
  evaluation: {},
  training: { training: true },
  frozen: { training: true, frozen },
};

/** Returns embedding, tokens, the oracle's loss, its gradients, and the running statistics after the pass. */
const buildProgram = (mode: Mode): Program => ({
  name: mode,
  state: Object.fromEntries(model.parameters.map(({ name, shape }) => [name, { shape, dtype: 'float32' }])),
  inputs: { images },
  run(parameters, inputs) {
    const fixed = (name: string): boolean => buffers.has(name) || (mode === 'frozen' && frozen.has(name));
    const moving = Object.fromEntries(Object.entries(parameters).filter(([name]) => !fixed(name)));
    const weight = tf.reshape(tf.cos(tf.range(0, 64)), [4, 16]);
    const { value, gradients, terms } = differentiate(moving, (moved) => {
      const all = { ...parameters, ...moved };
      const { embedding, tokens, updates } = model.forward(all, inputs.images as tf.Tensor4D, OPTIONS[mode]);
      const named = Object.entries(updates ?? {}).map(([name, update]) => [`update/${name}`, update]);
      return {
        value: tf.sum(tf.mul(embedding, weight)) as tf.Scalar,
        terms: { embedding, tokens, ...Object.fromEntries(named) },
      };
    });
    const named = Object.entries(gradients).map(([name, gradient]) => [`gradient/${name}`, gradient]);
    return { outputs: { loss: value, ...terms, ...Object.fromEntries(named) } };
  },
});

it('has the parameter names and shapes of open_clip', () => {
  expect(Object.fromEntries(model.parameters.map(({ name, shape }) => [name, shape]))).toEqual(oracle.shapes);
});

const modes: Mode[] = ['evaluation', 'training', 'frozen'];
const cases = backends.flatMap(([id, backend]) => modes.map((mode) => [id, mode, backend] as const));

describe.each(cases)('on %s, the modified ResNet in %s agrees with open_clip', (_, mode, backend) => {
  const expected = oracle[mode];
  let outputs: HostTensors;
  beforeAll(async () => {
    const state = Object.fromEntries(model.parameters.map(({ name, shape }) => [name, oracleWeight(name, shape)]));
    const session = await backend.load(buildProgram(mode), state);
    outputs = await session.step({ images });
    await session.dispose();
  });
  const updates = (): string[] =>
    Object.keys(outputs).flatMap((name) => (name.startsWith('update/') ? [name.slice('update/'.length)] : []));

  it('in embeddings and tokens, to 1e-4', () => {
    expect(relativeError(outputs.embedding!.data, expected.embedding)).toBeLessThan(1e-4);
    const one = { gradients: { tokens: expected.tokens }, loss: 0 };
    expect(gradientError(outputs.tokens!.data, one, 'tokens')).toBeLessThan(1e-4);
  });

  it.each(Object.keys(expected.gradients).filter((name) => name !== KEY_BIAS))(
    'in the gradient of %s, to 1e-3',
    (name) => expect(gradientError(outputs[`gradient/${name}`]!.data, expected, name)).toBeLessThan(1e-3),
  );

  it('in the zero gradient of the key bias', () => {
    const scale = expected.gradients['attnpool.q_proj.bias']!.norm;
    expect(expected.gradients[KEY_BIAS]!.norm / scale).toBeLessThan(1e-12);
    expect(Math.hypot(...outputs[`gradient/${KEY_BIAS}`]!.data) / scale).toBeLessThan(1e-3);
  });

  it('in which running statistics change, and in their values, to 1e-4', () => {
    const moving = { evaluation: [], training: [...buffers], frozen: [...buffers].filter((name) => !frozen.has(name)) };
    expect(updates().sort()).toEqual(moving[mode].sort());
    for (const name of updates()) {
      const one = { gradients: expected.buffers, loss: 0 };
      expect(gradientError(outputs[`update/${name}`]!.data, one, name), name).toBeLessThan(1e-4);
    }
  });
});
