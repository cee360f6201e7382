import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { causalMask, gelu, pooledTransformer, quickGelu, transformer } from './index.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

/** Weights of the deterministic block of the golden tests: width 4, two heads, three tokens. */
const weight = (rows: number, cols: number, seed: number): tf.Tensor =>
  tf.tensor(
    Float32Array.from({ length: rows * cols }, (_, i) => 0.5 * Math.sin(seed + 1 + i)),
    [rows, cols],
  );
const bias = (size: number, seed: number): tf.Tensor =>
  tf.tensor(Float32Array.from({ length: size }, (_, k) => 0.1 * Math.cos(seed + k)));
const block = 'resblocks.0.';
const parameters = (): Record<string, tf.Tensor> => ({
  [`${block}ln_1.weight`]: tf.ones([4]),
  [`${block}ln_1.bias`]: tf.zeros([4]),
  [`${block}attn.in_proj_weight`]: weight(12, 4, 10),
  [`${block}attn.in_proj_bias`]: bias(12, 20),
  [`${block}attn.out_proj.weight`]: weight(4, 4, 30),
  [`${block}attn.out_proj.bias`]: bias(4, 40),
  [`${block}ln_2.weight`]: tf.ones([4]),
  [`${block}ln_2.bias`]: tf.zeros([4]),
  [`${block}mlp.c_fc.weight`]: weight(16, 4, 50),
  [`${block}mlp.c_fc.bias`]: bias(16, 60),
  [`${block}mlp.c_proj.weight`]: weight(4, 16, 70),
  [`${block}mlp.c_proj.bias`]: bias(4, 80),
});
const x = (): tf.Tensor3D =>
  tf.tensor(
    Float32Array.from({ length: 12 }, (_, i) => Math.sin(1 + i)),
    [1, 3, 4],
  ) as tf.Tensor3D;

const PLAIN_LAST = {
  'quick-gelu': [0.20889999, -0.60519827, -0.70823618, -0.71858907],
  gelu: [0.21202793, -0.6067966, -0.70830281, -0.71686313],
} as const;
const FIRST = {
  'quick-gelu': {
    plain: [0.64407286, 1.11061163, 0.12166372, -0.8398152],
    causal: [1.48193412, 0.43851158, 0.17323516, -0.22848275],
  },
  gelu: {
    plain: [0.64718181, 1.1064874, 0.12645399, -0.84486587],
    causal: [1.48170951, 0.43979984, 0.17099234, -0.2254753],
  },
} as const;

describe.each(['quick-gelu', 'gelu'] as const)('a pre-LN block with %s gives the golden rows', (activation) => {
  it.each(['plain', 'causal'] as const)('with a %s mask', (kind) => {
    const mask = kind === 'causal' ? { mask: causalMask(3) } : {};
    const rows = transformer(parameters(), '', x(), { layers: 1, heads: 2, activation, ...mask }).dataSync();
    FIRST[activation][kind].forEach((value, i) => expect(rows[i]).toBeCloseTo(value, 5));
    // The last token attends to all tokens, with or without the mask.
    PLAIN_LAST[activation].forEach((value, i) => expect(rows[8 + i]).toBeCloseTo(value, 5));
  });
});

describe('a transformer asked for one token of each example', () => {
  const second = (rows: tf.Tensor3D): tf.Tensor2D => tf.reshape(tf.slice(rows, [0, 1, 0], [1, 1, 4]), [1, 4]);
  const mask = causalMask(3);
  const output = (values: Record<string, tf.Tensor>) =>
    pooledTransformer(
      values,
      '',
      x(),
      { select: second, mask: tf.slice(mask, [1, 0], [1, 3]) },
      { layers: 1, heads: 2, mask },
    );

  it('gives the golden rows if asked for all tokens', () => {
    const rows = output(parameters()).tokens().dataSync();
    FIRST['quick-gelu'].causal.forEach((value, i) => expect(rows[i]).toBeCloseTo(value, 5));
  });

  it('gives the same token and the same gradients by all parameters as the transformer for all tokens', () => {
    const names = Object.keys(parameters());
    const nameValues = (values: tf.Tensor[]): Record<string, tf.Tensor> =>
      Object.fromEntries(names.map((name, i) => [name, values[i]!]));
    const fromAllTokens = (...values: tf.Tensor[]): tf.Tensor =>
      tf.sum(tf.square(second(transformer(nameValues(values), '', x(), { layers: 1, heads: 2, mask }))));
    const fromOneToken = (...values: tf.Tensor[]): tf.Tensor => tf.sum(tf.square(output(nameValues(values)).pooled()));
    const [expected, actual] = [fromAllTokens, fromOneToken].map((f) =>
      tf.valueAndGrads(f)(Object.values(parameters())),
    );
    expect(actual!.value.dataSync()[0]).toBeCloseTo(expected!.value.dataSync()[0]!, 5);
    for (const [i, gradient] of expected!.grads.entries()) {
      const values = actual!.grads[i]!.dataSync();
      gradient.dataSync().forEach((value, k) => expect(values[k], `${names[i]}, ${k}`).toBeCloseTo(value, 5));
    }
  });
});

describe('golden values of the activations', () => {
  it.each([
    ['quickGelu', quickGelu, [-0.1542042341, -0.1496115634, 0.3503884366, 0.8457957659, 1.9356586231]],
    ['gelu', gelu, [-0.1586552539, -0.1542687694, 0.3457312306, 0.8413447461, 1.9544997361]],
  ] as const)('%s', (_, act, expected) => {
    const actual = act(tf.tensor1d([-1, -0.5, 0.5, 1, 2])).dataSync();
    expected.forEach((value, i) => expect(actual[i]).toBeCloseTo(value, 6));
  });
});
