import { elementCount, type HostTensor, type HostTensors, type Program, type TensorSpec } from '@medbench/core';
import { integers, normal } from '@medbench/core/testing';
import * as tf from '@tensorflow/tfjs-core';

/** Sizes of the model: one pre-LN block with two heads on token embeddings, matched with image vectors. */
const [BATCH, TOKENS, WIDTH, VOCABULARY] = [4, 5, 16, 11];
const HEADS = 2;
const BETA1 = 0.9;
const BETA2 = 0.98;

const SHAPES: Readonly<Record<string, readonly number[]>> = {
  embedding: [VOCABULARY, WIDTH],
  positions: [TOKENS, WIDTH],
  'ln_1.gain': [WIDTH],
  'ln_1.bias': [WIDTH],
  'qkv.weight': [3 * WIDTH, WIDTH],
  'out.weight': [WIDTH, WIDTH],
  'ln_2.gain': [WIDTH],
  'ln_2.bias': [WIDTH],
  'fc.weight': [2 * WIDTH, WIDTH],
  'fc.bias': [2 * WIDTH],
  'proj.weight': [WIDTH, 2 * WIDTH],
  'proj.bias': [WIDTH],
  image: [WIDTH, WIDTH],
  scale: [],
};
const NAMES = Object.keys(SHAPES);
type Tensors = Readonly<Record<string, tf.Tensor>>;

function layerNorm(x: tf.Tensor, gain: tf.Tensor, bias: tf.Tensor): tf.Tensor {
  const centred = tf.sub(x, tf.mean(x, -1, true));
  const variance = tf.mean(tf.square(centred), -1, true);
  return tf.add(tf.mul(tf.mul(centred, tf.rsqrt(tf.add(variance, 1e-5))), gain), bias);
}

const linear = (x: tf.Tensor, weight: tf.Tensor): tf.Tensor => tf.matMul(x, weight, false, true);

function block(x: tf.Tensor, p: Tensors): tf.Tensor {
  const qkv = linear(layerNorm(x, p['ln_1.gain']!, p['ln_1.bias']!), p['qkv.weight']!);
  const split = tf.transpose(tf.reshape(qkv, [BATCH, TOKENS, 3, HEADS, WIDTH / HEADS]), [2, 0, 3, 1, 4]);
  const [q, k, v] = tf.unstack(split) as [tf.Tensor, tf.Tensor, tf.Tensor];
  const future = Float32Array.from({ length: TOKENS ** 2 }, (_, i) => (i % TOKENS > Math.floor(i / TOKENS) ? -1e9 : 0));
  const scores = tf.mul(tf.matMul(q, k, false, true), (WIDTH / HEADS) ** -0.5);
  const weights = tf.softmax(tf.add(scores, tf.tensor2d(future, [TOKENS, TOKENS])));
  const mixed = tf.reshape(tf.transpose(tf.matMul(weights, v), [0, 2, 1, 3]), [BATCH * TOKENS, WIDTH]);
  const attended = tf.add(x, linear(mixed, p['out.weight']!));
  const hidden = tf.add(linear(layerNorm(attended, p['ln_2.gain']!, p['ln_2.bias']!), p['fc.weight']!), p['fc.bias']!);
  const active = tf.mul(hidden, tf.sigmoid(tf.mul(hidden, 1.702)));
  return tf.add(attended, tf.add(linear(active, p['proj.weight']!), p['proj.bias']!));
}

const unit = (x: tf.Tensor): tf.Tensor => tf.div(x, tf.norm(x, 2, 1, true));

function computeLoss(p: Tensors, images: tf.Tensor, ids: tf.Tensor): tf.Scalar {
  const embedded = tf.gather(p.embedding!, tf.reshape(ids, [BATCH * TOKENS]));
  const placed = tf.add(tf.reshape(embedded, [BATCH, TOKENS, WIDTH]), p.positions!);
  const tokens = tf.reshape(block(tf.reshape(placed, [BATCH * TOKENS, WIDTH]), p), [BATCH, TOKENS, WIDTH]);
  const logits = tf.mul(
    tf.matMul(unit(linear(images, p.image!)), unit(tf.mean(tokens, 1)), false, true),
    tf.exp(p.scale!),
  );
  const side = (z: tf.Tensor): tf.Tensor => tf.neg(tf.sum(tf.mul(tf.logSoftmax(z as tf.Tensor2D), tf.eye(BATCH))));
  return tf.div(tf.add(side(logits), side(tf.transpose(logits))), 2 * BATCH) as tf.Scalar;
}

const float = (shape: readonly number[]): TensorSpec => ({ shape, dtype: 'float32' });

/** Trains a pre-LN transformer to match image vectors, with symmetric InfoNCE and AdamW inside the graph. */
export const trainingProgram: Program = {
  name: 'tiny',
  state: {
    step: float([]),
    ...Object.fromEntries(
      ['p', 'm', 'v'].flatMap((kind) => NAMES.map((key) => [`${kind}/${key}`, float(SHAPES[key]!)])),
    ),
  },
  inputs: { images: float([BATCH, WIDTH]), ids: { shape: [BATCH, TOKENS], dtype: 'int32' } },
  selfCheck: ['loss', ...NAMES.map((key) => `m/${key}`)],
  run(state, { images, ids }) {
    const listTensors = (kind: string): tf.Tensor[] => NAMES.map((key) => state[`${kind}/${key}`]!);
    const { value, grads } = tf.valueAndGrads((...values: tf.Tensor[]) =>
      computeLoss(Object.fromEntries(NAMES.map((key, i) => [key, values[i]!])), images!, ids!),
    )(listTensors('p'));
    const count = tf.add(state.step!, 1);
    const root = tf.sqrt(tf.sub(1, tf.pow(BETA2, count)));
    const pace = tf.div(tf.mul(root, 1e-2), tf.sub(1, tf.pow(BETA1, count)));
    const next: Record<string, tf.Tensor> = { step: count };
    for (const [i, key] of NAMES.entries()) {
      const gradient = grads[i]!;
      const m = tf.add(tf.mul(state[`m/${key}`]!, BETA1), tf.mul(gradient, 1 - BETA1));
      const v = tf.add(tf.mul(state[`v/${key}`]!, BETA2), tf.mul(tf.square(gradient), 1 - BETA2));
      const update = tf.div(tf.mul(m, pace), tf.add(tf.sqrt(v), tf.mul(root, 1e-4)));
      const p = state[`p/${key}`]!;
      next[`p/${key}`] = tf.sub(p.rank >= 2 ? tf.mul(p, 1 - 1e-3) : p, update);
      next[`m/${key}`] = m;
      next[`v/${key}`] = v;
    }
    return { state: next, outputs: { loss: value } };
  },
};

/** The initial state: weights of typical size, gains near one, moments of zero. */
export function initialState(): HostTensors {
  const zeros = (shape: readonly number[]): HostTensor => ({
    shape,
    dtype: 'float32',
    data: new Float32Array(elementCount(shape)),
  });
  const state: HostTensors = { step: zeros([]) };
  for (const [key, shape] of Object.entries(SHAPES)) {
    state[`p/${key}`] = normal(key, shape, shape.length === 2 ? 0.3 : 0.1, key.endsWith('gain') ? 1 : 0);
    state[`m/${key}`] = zeros(shape);
    state[`v/${key}`] = zeros(shape);
  }
  return state;
}

/** Makes the batch of one step. */
export const makeBatch = (step: number): HostTensors => ({
  images: normal(`images ${step}`, [BATCH, WIDTH]),
  ids: integers(`ids ${step}`, [BATCH, TOKENS], VOCABULARY),
});
