import { type DualEncoderModel, elementCount, type HostTensor, type HostTensors, type Program } from '@medbench/core';
import * as tf from '@tensorflow/tfjs-core';
import { differentiate } from '../differentiate.js';

/** Results of a reference implementation for two small towers (`scripts/oracles/{clip_towers,hf_clip}.py`). */
export interface TowerOracle {
  readonly parameters: Readonly<Record<string, readonly number[]>>;
  readonly image: readonly number[];
  readonly text: readonly number[];
  readonly loss: number;
  readonly gradients: Readonly<
    Record<string, { readonly norm: number; readonly first: readonly number[]; readonly last: readonly number[] }>
  >;
}

/** The k-th pseudo-random number of the oracles, in (-1, 1). */
export function scattered(k: number, offset: number): number {
  const wave = Math.abs(Math.sin(12.9898 * (k + 1) + offset) * 43758.5453);
  return 2 * (wave % 1) - 1;
}

/** A weight by the oracles' formula: `scattered` numbers that depend on the parameter's name; gains are near one. */
export function weightByFormula(name: string, shape: readonly number[]): HostTensor {
  const offset = [...name].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % 1000;
  const scale = shape.length < 2 ? 0.3 : 1.5 / Math.sqrt(shape.at(-1)!);
  const gain = /ln_|[nN]orm|layrnorm|\.bn/.test(name) && name.endsWith('weight') ? 1 : 0;
  const data = Float32Array.from({ length: elementCount(shape) }, (_, k) =>
    /(^|\.)logit_scale$/.test(name) ? 2 : gain + scale * scattered(k, offset),
  );
  return { shape, dtype: 'float32', data };
}

/** The oracles' three images: `[3, 3, 16, 16]` in Python, `[3, 16, 16, 3]` here. */
const images: HostTensor = {
  shape: [3, 16, 16, 3],
  dtype: 'float32',
  data: Float32Array.from({ length: 3 * 16 * 16 * 3 }, (_, i) => {
    const [b, p, c] = [Math.floor(i / 768), Math.floor((i % 768) / 3), i % 3];
    return Math.sin((b * 768 + c * 256 + p) * 0.11);
  }),
};

/** The oracles' three texts, `[3, 12]`, padded with the padding id of their implementation. */
const padTexts = (padding: number): HostTensor => ({
  shape: [3, 12],
  dtype: 'int32',
  data: Int32Array.from([
    ...[38, 5, 9, 39, ...Array<number>(8).fill(padding)],
    ...[38, 1, 39, ...Array<number>(9).fill(padding)],
    ...[38, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 39],
  ]),
});

/** The inputs of `towerProgram`. */
export const towerInputs = (padding = 0): HostTensors => ({ images, ids: padTexts(padding) });

/** A program that computes the embeddings of both towers, the oracles' loss, and its gradients (`gradient/<name>`). */
export function towerProgram(model: DualEncoderModel): Program {
  return {
    name: 'towers',
    state: Object.fromEntries(model.parameters.map(({ name, shape }) => [name, { shape, dtype: 'float32' }])),
    inputs: towerInputs(),
    run(parameters, inputs) {
      const weight = tf.reshape(tf.cos(tf.range(0, 48)), [3, 16]);
      const { value, gradients, terms } = differentiate(parameters, (variables) => {
        const image = model.encodeImage(variables, inputs.images as tf.Tensor4D).embedding;
        const text = model.encodeText(variables, inputs.ids as tf.Tensor2D).embedding;
        const loss = tf.add(tf.sum(tf.mul(image, weight)), tf.sum(tf.mul(text, tf.reverse(weight, 0))));
        // The product with 0 keeps the logit scale in the graph, so that every parameter has a gradient.
        return { value: tf.add(loss, tf.mul(variables.logit_scale!, 0)) as tf.Scalar, terms: { image, text } };
      });
      const gradientOutputs = Object.entries(gradients).map(([name, gradient]) => [`gradient/${name}`, gradient]);
      return {
        outputs: { loss: value, image: terms.image!, text: terms.text!, ...Object.fromEntries(gradientOutputs) },
      };
    },
  };
}

/** Largest difference, relative to the largest expected value. */
export function relativeError(actual: ArrayLike<number>, expected: readonly number[]): number {
  const scale = Math.max(...expected.map(Math.abs));
  return Math.max(...expected.map((value, i) => Math.abs(value - actual[i]!))) / scale;
}

/** Error of a gradient's norm, first and last values against the oracle's, relative to the norm. */
export function gradientError(
  actual: ArrayLike<number>,
  oracle: Pick<TowerOracle, 'gradients' | 'loss'>,
  name: string,
): number {
  const { norm, first, last } = oracle.gradients[name]!;
  const values = Float64Array.from(actual);
  // A gradient that is zero in exact arithmetic (the keys' bias) is noise in both implementations. It is measured by the
  // others too, because the loss may happen to be near zero.
  const largest = Math.max(...Object.values(oracle.gradients).map((gradient) => gradient.norm));
  const isZero = norm < 1e-9 * largest;
  const scale = norm + Math.max(1e-3 * Math.abs(oracle.loss), isZero ? 1e-4 * largest : 0);
  const length = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  const ends = [
    ...first.map((value, i) => value - values[i]!),
    ...last.map((value, i) => value - values[values.length - last.length + i]!),
  ];
  return Math.max(Math.abs(length - norm), ...ends.map(Math.abs)) / scale;
}
