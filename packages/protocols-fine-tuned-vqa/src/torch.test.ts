import { readFileSync } from 'node:fs';
import { Compiled } from '@medbench/backends-compiled';
import { Wasm } from '@medbench/backends-wasm';
import type { HostTensor, HostTensors, TensorMap } from '@medbench/core';
import { differentiate } from '@medbench/nn';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { autoEncoderParameters, decodePixels, encodePixels } from './auto-encoder.js';
import { answerLoss, classifyAnswers, fuse } from './ban.js';
import { resizeRows } from './positions.js';

// Values of PyTorch in float64, made by scripts/oracles/fine_tuned_vqa.py.
interface Stored {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}
interface Fixture {
  readonly ban: {
    readonly values: Readonly<Record<string, Stored>>;
    readonly targets: readonly (readonly number[])[];
    readonly logits: readonly (readonly number[])[];
    readonly loss: number;
    readonly gradients: Readonly<Record<string, readonly number[]>>;
  };
  readonly auto_encoder: {
    readonly inner: readonly number[];
    readonly inner_norm: number;
    readonly decoded: readonly number[];
    readonly mse: number;
    readonly loss: number;
    readonly gradients: Readonly<Record<string, { readonly norm: number; readonly entries: readonly number[] }>>;
  };
  readonly positions: readonly {
    readonly table: readonly (readonly number[])[];
    readonly resized: readonly (readonly number[])[];
  }[];
}
const fixture: Fixture = JSON.parse(readFileSync(new URL('../fixtures/torch.json', import.meta.url), 'utf8'));

const tensor = (shape: readonly number[], values: Iterable<number>): HostTensor => ({
  shape,
  dtype: 'float32',
  data: Float32Array.from(values),
});
const specs = (tensors: HostTensors) =>
  Object.fromEntries(Object.entries(tensors).map(([name, { shape, dtype }]) => [name, { shape, dtype }]));

/** Compares to 1e-5 of the largest expected value, or of 1 if that is larger. */
function expectClose(actual: Iterable<number>, expected: readonly number[], name: string, tolerance = 1e-5): void {
  const values = [...actual];
  expect(values, name).toHaveLength(expected.length);
  const worst = Math.max(...values.map((value, i) => Math.abs(value - expected[i]!)));
  expect(worst, name).toBeLessThanOrEqual(tolerance * Math.max(1, ...expected.map(Math.abs)));
}

/** First, middle and last entry, as the fixture picks them. */
const some = ({ data }: HostTensor): number[] =>
  [0, Math.floor(data.length / 3), data.length - 1].map((index) => data[index]!);
const norm = ({ data }: HostTensor): number => Math.hypot(...data);

describe.each([
  ['wasm', new Wasm()],
  ['compiled', new Compiled()],
] as const)("PyTorch's values, on %s", (_id, backend) => {
  it('of the bilinear attention head with weight norm: answers, loss and all gradients', async () => {
    const { values, targets, logits, loss, gradients } = fixture.ban;
    const variables: HostTensors = Object.fromEntries(
      Object.entries(values).map(([name, { shape, data }]) => [name, tensor(shape, data)]),
    );
    const inputs = { ...variables, targets: tensor([2, 5], targets.flat()) };
    const session = await backend.load(
      {
        ...{ name: 'ban', state: {}, inputs: specs(inputs) },
        run(_state, given) {
          const { targets: wanted, ...rest } = given;
          const result = differentiate(rest, (tracked) => {
            const image = tracked.image as tf.Tensor3D;
            const answers = classifyAnswers(tracked, fuse(tracked, image, tracked.words as tf.Tensor3D));
            return { value: answerLoss(answers, wanted as tf.Tensor2D), terms: { answers } };
          });
          const by = Object.entries(result.gradients).map(([name, value]) => [`by ${name}`, value]);
          return { outputs: { loss: result.value, logits: result.terms.answers!, ...Object.fromEntries(by) } };
        },
      },
      {},
    );
    const outputs = await session.step(inputs);
    await session.dispose();
    expectClose(outputs.logits!.data, logits.flat(), 'logits');
    expectClose(outputs.loss!.data, [loss], 'loss');
    for (const [name, expected] of Object.entries(gradients)) expectClose(outputs[`by ${name}`]!.data, expected, name);
    // The first glimpse does not reach the answers.
    expect(Math.max(...gradients['b_net.0.v_net.main.1.weight_v']!.map(Math.abs))).toBe(0);
  });

  it('of the auto-encoder: innermost layer, reconstruction and gradients', async () => {
    const { auto_encoder: expected } = fixture;
    const layers = [...new Set(autoEncoderParameters.map(({ name }) => name.split('.')[0]!))];
    const sine = (size: number, shift: number, scale: number, step: number): Float32Array =>
      Float32Array.from({ length: size }, (_, e) => scale * Math.sin(step * e + shift));
    const variables: HostTensors = Object.fromEntries(
      autoEncoderParameters.map(({ name, shape }) => {
        const shift = 0.3 * layers.indexOf(name.split('.')[0]!);
        const size = shape.reduce((product, length) => product * length, 1);
        const data = name.endsWith('bias')
          ? sine(size, shift + 0.1, 0.1, 1.7)
          : sine(size, shift, 1.5 * (shape[1]! * 9) ** -0.5, 1.7);
        return [name, tensor(shape, data)];
      }),
    );
    const pixels = sine(128 * 128, 0.4, 0.5, 0.013).map((value, i) => (i % 128 > 40 ? value + 0.5 : 0.25));
    // The fixture weighs the innermost layer in the order of PyTorch's axes.
    const weights = Float32Array.from({ length: 16 * 32 * 32 }, (_, e) => Math.cos(e));
    const inputs = {
      ...variables,
      pixels: tensor([1, 128, 128, 1], pixels),
      weights: tensor([1, 16, 32, 32], weights),
    };
    const session = await backend.load(
      {
        ...{ name: 'auto-encoder', state: {}, inputs: specs(inputs) },
        run(_state, { pixels: images, weights: byPixel, ...parameters }) {
          const result = differentiate(parameters, (tracked: TensorMap) => {
            const inner = encodePixels(tracked, images as tf.Tensor4D);
            const decoded = decodePixels(tracked, inner);
            const channelsFirst = tf.transpose(inner, [0, 3, 1, 2]);
            const mse = tf.mean(tf.square(tf.sub(decoded, images!))) as tf.Scalar;
            const value = tf.add(mse, tf.mul(tf.sum(tf.mul(channelsFirst, byPixel!)), 1e-3)) as tf.Scalar;
            return { value, terms: { inner: channelsFirst, decoded, mse } };
          });
          const by = Object.entries(result.gradients).map(([name, value]) => [`by ${name}`, value]);
          return { outputs: { loss: result.value, ...result.terms, ...Object.fromEntries(by) } };
        },
      },
      {},
    );
    const outputs = await session.step(inputs);
    await session.dispose();
    expectClose(some(outputs.inner!), expected.inner, 'inner');
    expectClose([norm(outputs.inner!)], [expected.inner_norm], 'inner');
    expectClose(some(outputs.decoded!), expected.decoded, 'decoded');
    expectClose([outputs.mse!.data[0]!, outputs.loss!.data[0]!], [expected.mse, expected.loss], 'loss');
    for (const [name, { norm: length, entries }] of Object.entries(expected.gradients)) {
      // Sums over 16,384 pixels in single precision.
      expectClose([norm(outputs[`by ${name}`]!)], [length], name, 1e-4);
      expectClose(some(outputs[`by ${name}`]!), entries, name, 1e-4);
    }
  });
});

it.each(fixture.positions.map((one) => [one.table.length, one.resized.length, one] as const))(
  "resizes a table of %i rows to %i as PyTorch's linear interpolation",
  (rows, to, { table, resized }) => {
    const { shape, data } = resizeRows(tensor([rows, 2], table.flat()), to);
    expect(shape).toEqual([to, 2]);
    expectClose(data, resized.flat(), 'rows', 1e-6);
  },
);
