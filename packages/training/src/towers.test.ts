import { readFileSync } from 'node:fs';
import { Wasm } from '@medbench/backends-wasm';
import type { HostTensor, ImageEncoderModel, Program, TextEncoderModel } from '@medbench/core';
import { gptModel } from '@medbench/encoders-gpt';
import { vitModel } from '@medbench/encoders-vit';
import { differentiate, dualEncoder } from '@medbench/nn';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';

interface Oracle {
  parameters: Record<string, number[]>;
  image: number[];
  text: number[];
  loss: number;
  gradients: Record<string, { norm: number; first: number[]; last: number[] }>;
}
const oracle: Oracle = JSON.parse(readFileSync(new URL('../fixtures/clip-towers.json', import.meta.url), 'utf8'));

const sizes = { width: 128, layers: 2, embedDim: 16 };
const model = dualEncoder(
  vitModel({ id: 'oracle', imageSize: 16, patchSize: 8, ...sizes }) as ImageEncoderModel,
  gptModel({ id: 'oracle', contextLength: 12, vocabSize: 40, ...sizes }) as TextEncoderModel,
);

/** The same formula as in scripts/oracles/clip_towers.py. */
function weightOf(name: string, shape: readonly number[]): HostTensor {
  const offset = [...name].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % 1000;
  const scale = shape.length < 2 ? 0.3 : 3 / Math.sqrt(shape.at(-1)!);
  const gain = name.includes('ln_') && name.endsWith('weight') ? 1 : 0;
  const size = shape.reduce((product, side) => product * side, 1);
  const data = Float32Array.from({ length: size }, (_, k) =>
    name === 'logit_scale' ? 2 : gain + scale * Math.sin(0.7 * k + offset),
  );
  return { shape, dtype: 'float32', data };
}

/** The oracle's pictures, `[3, 3, 16, 16]` there and `[3, 16, 16, 3]` here. */
const images: HostTensor = {
  shape: [3, 16, 16, 3],
  dtype: 'float32',
  data: Float32Array.from({ length: 3 * 16 * 16 * 3 }, (_, i) => {
    const [b, p, c] = [Math.floor(i / 768), Math.floor((i % 768) / 3), i % 3];
    return Math.sin((b * 768 + c * 256 + p) * 0.11);
  }),
};
const ids: HostTensor = {
  shape: [3, 12],
  dtype: 'int32',
  data: Int32Array.from([
    ...[38, 5, 9, 39, 0, 0, 0, 0, 0, 0, 0, 0],
    ...[38, 1, 39, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    ...[38, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 39],
  ]),
};

const program: Program = {
  name: 'towers',
  state: Object.fromEntries(model.parameters.map(({ name, shape }) => [name, { shape, dtype: 'float32' }])),
  inputs: { images, ids },
  run(parameters, inputs) {
    const weight = tf.reshape(tf.cos(tf.range(0, 48)), [3, 16]);
    const { value, gradients, terms } = differentiate(parameters, (moved) => {
      const image = model.encodeImage(moved, inputs.images as tf.Tensor4D).embedding;
      const text = model.encodeText(moved, inputs.ids as tf.Tensor2D).embedding;
      const loss = tf.add(tf.sum(tf.mul(image, weight)), tf.sum(tf.mul(text, tf.reverse(weight, 0))));
      // Keeps the logit scale in the graph: every parameter then has a gradient.
      return { value: tf.add(loss, tf.mul(moved.logit_scale!, 0)) as tf.Scalar, terms: { image, text } };
    });
    const named = Object.entries(gradients).map(([name, gradient]) => [`gradient/${name}`, gradient]);
    return { outputs: { loss: value, image: terms.image!, text: terms.text!, ...Object.fromEntries(named) } };
  },
};

const relative = (found: ArrayLike<number>, expected: readonly number[]): number => {
  const scale = Math.max(...expected.map(Math.abs));
  return Math.max(...expected.map((value, i) => Math.abs(value - found[i]!))) / scale;
};

describe('the towers agree with open_clip', () => {
  let outputs: Record<string, HostTensor>;
  beforeAll(async () => {
    const state = Object.fromEntries(model.parameters.map(({ name, shape }) => [name, weightOf(name, shape)]));
    const session = await new Wasm().load(program, state);
    outputs = await session.step({ images, ids });
    await session.dispose();
  });

  it('in names and shapes of all parameters', () => {
    expect(Object.fromEntries(model.parameters.map(({ name, shape }) => [name, shape]))).toEqual(oracle.parameters);
  });

  it('in embeddings, to 1e-4', () => {
    expect(relative(outputs.image!.data, oracle.image)).toBeLessThan(1e-4);
    expect(relative(outputs.text!.data, oracle.text)).toBeLessThan(1e-4);
  });

  it.each(Object.keys(oracle.gradients))('in the gradient of %s, to 1e-3', (name) => {
    const { norm, first, last } = oracle.gradients[name]!;
    const found = outputs[`gradient/${name}`]!.data as Float32Array;
    // A gradient that is zero in exact arithmetic (the keys' bias) is noise on both sides.
    const floor = 1e-6 * Math.abs(oracle.loss);
    expect(Math.abs(Math.hypot(...found) - norm)).toBeLessThan(1e-3 * norm + floor);
    first.forEach((value, i) => expect(Math.abs(found[i]! - value)).toBeLessThan(1e-3 * norm + floor));
    last.forEach((value, i) =>
      expect(Math.abs(found[found.length - 4 + i]! - value)).toBeLessThan(1e-3 * norm + floor),
    );
  });
});
