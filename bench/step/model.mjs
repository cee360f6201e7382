// The training step on TensorFlow.js ops, from the layers that the towers are made of.
import { linear as layer, layerNorm, packParameters, quickGelu } from '@medbench/nn';
import * as tf from '@tensorflow/tfjs-core';
import { BATCH, HEAD, OPTIMIZER, parametersOf } from './cases.mjs';

const linear = (x, p, name) => layer(x, p[`${name}weight`], p[`${name}bias`]);

/** One pre-LN block on `[B * T, W]`. */
function block(x, p, name, tokens, mask) {
  const [rows, width] = x.shape;
  const heads = width / HEAD;
  const batch = rows / tokens;
  const normed = layerNorm(x, p[`${name}.ln_1.weight`], p[`${name}.ln_1.bias`]);
  const qkv = linear(normed, p, `${name}.attn.in_proj_`);
  const split = tf.transpose(tf.reshape(qkv, [batch, tokens, 3 * heads, HEAD]), [0, 2, 1, 3]);
  const [q, k, v] = tf.split(split, 3, 1);
  const scores = tf.mul(tf.matMul(q, k, false, true), HEAD ** -0.5);
  const weights = tf.softmax(mask ? tf.add(scores, mask) : scores);
  const mixed = tf.reshape(tf.transpose(tf.matMul(weights, v), [0, 2, 1, 3]), [rows, width]);
  const attended = tf.add(x, linear(mixed, p, `${name}.attn.out_proj.`));
  const hidden = layerNorm(attended, p[`${name}.ln_2.weight`], p[`${name}.ln_2.bias`]);
  const expanded = quickGelu(linear(hidden, p, `${name}.mlp.c_fc.`));
  return tf.add(attended, linear(expanded, p, `${name}.mlp.c_proj.`));
}

function encodeImage({ image, patch, width, blocks }, p, images) {
  const side = image / patch;
  const tokens = side * side + 1;
  const strips = tf.transpose(tf.reshape(images, [BATCH * side, patch, side, 3 * patch]), [0, 2, 1, 3]);
  const patches = linear(tf.reshape(strips, [BATCH * side * side, 3 * patch * patch]), p, 'visual.patch.');
  const first = tf.add(tf.zeros([BATCH, 1, width]), p['visual.class_embedding']);
  const all = tf.concat([first, tf.reshape(patches, [BATCH, tokens - 1, width])], 1);
  let x = tf.reshape(tf.add(all, p['visual.positional_embedding']), [BATCH * tokens, width]);
  for (let i = 0; i < blocks; i++) x = block(x, p, `visual.blocks.${i}`, tokens);
  const pooled = tf.reshape(tf.slice(tf.reshape(x, [BATCH, tokens, width]), [0, 0, 0], [-1, 1, -1]), [BATCH, width]);
  return tf.matMul(pooled, p['visual.proj'], false, true);
}

function encodeText({ tokens, textWidth, textBlocks }, p, ids) {
  const mask = tf.tensor2d(
    Float32Array.from({ length: tokens * tokens }, (_, i) => (i % tokens > Math.floor(i / tokens) ? -1e9 : 0)),
    [tokens, tokens],
  );
  const embedded = tf.gather(p.token_embedding, tf.reshape(ids, [BATCH * tokens]));
  const placed = tf.add(tf.reshape(embedded, [BATCH, tokens, textWidth]), p.positional_embedding);
  let x = tf.reshape(placed, [BATCH * tokens, textWidth]);
  for (let i = 0; i < textBlocks; i++) x = block(x, p, `blocks.${i}`, tokens, mask);
  const ends = tf.slice(tf.reshape(x, [BATCH, tokens, textWidth]), [0, tokens - 1, 0], [-1, 1, -1]);
  return tf.matMul(tf.reshape(ends, [BATCH, textWidth]), p.text_projection, false, true);
}

const normalise = (x) => tf.div(x, tf.maximum(tf.sqrt(tf.sum(tf.square(x), 1, true)), 1e-12));

/** Symmetric InfoNCE of matching rows. */
function contrastive(image, text, scale) {
  const logits = tf.mul(tf.matMul(normalise(image), normalise(text), false, true), tf.exp(scale));
  const diagonal = tf.eye(BATCH);
  const side = (z) => tf.div(tf.sum(tf.mul(tf.logSoftmax(z), diagonal)), -BATCH);
  return tf.mul(tf.add(side(logits), side(tf.transpose(logits))), 0.5);
}

/** Linear warm-up, then half a cosine down to zero. */
function learningRate(step) {
  const { rate, warmup, total } = OPTIMIZER;
  const rising = tf.div(tf.add(step, 1), warmup);
  const falling = tf.mul(tf.add(tf.cos(tf.mul(tf.div(tf.sub(step, warmup), total - warmup), Math.PI)), 1), 0.5);
  return tf.mul(tf.where(tf.less(step, warmup), rising, falling), rate);
}

/** AdamW as in PyTorch; only matrices decay. */
function adamW(step, parameters, gradients, first, second, decays) {
  const { beta1, beta2, epsilon, decay } = OPTIMIZER;
  const count = tf.add(step, 1);
  const root = tf.sqrt(tf.sub(1, tf.pow(beta2, count)));
  const rate = learningRate(step);
  const pace = tf.div(tf.mul(rate, root), tf.sub(1, tf.pow(beta1, count)));
  const guard = tf.mul(root, epsilon);
  const kept = tf.sub(1, tf.mul(rate, decay));
  return parameters.map((p, i) => {
    const m = tf.add(tf.mul(first[i], beta1), tf.mul(gradients[i], 1 - beta1));
    const v = tf.add(tf.mul(second[i], beta2), tf.mul(tf.square(gradients[i]), 1 - beta2));
    const update = tf.mul(tf.div(m, tf.add(tf.sqrt(v), guard)), pace);
    return [tf.sub(decays[i] ? tf.mul(p, kept) : p, update), m, v];
  });
}

/** The layout of the parameters for the optimizer, as the trainer has it. */
export const packingOf = (sizes) =>
  packParameters(
    parametersOf(sizes).map(([name, shape]) => ({ name, shape })),
    ['logit_scale'],
  );

/** State before the first step. */
export function initialState(sizes, parameters) {
  const state = { step: { shape: [], dtype: 'float32', data: new Float32Array(1) } };
  for (const [name, { shape, dtype, data }] of Object.entries(packingOf(sizes).pack(parameters))) {
    state[`p/${name}`] = { shape, dtype, data };
    for (const kind of ['m', 'v']) state[`${kind}/${name}`] = { shape, dtype, data: new Float32Array(data.length) };
  }
  return state;
}

/** The whole step as a program: forward, backward, AdamW, schedule, clamp of the logit scale. */
export function trainingProgram(name, sizes) {
  const packing = packingOf(sizes);
  const { groups } = packing;
  const names = groups.map((group) => group.name);
  const state = { step: { shape: [], dtype: 'float32' } };
  for (const kind of ['p', 'm', 'v'])
    for (const group of groups) state[`${kind}/${group.name}`] = { shape: group.shape, dtype: 'float32' };
  return {
    name: `step:${name}`,
    state,
    inputs: {
      images: { shape: [BATCH, sizes.image, sizes.image, 3], dtype: 'float32' },
      ids: { shape: [BATCH, sizes.tokens], dtype: 'int32' },
    },
    selfCheck: ['loss', ...names.map((key) => `m/${key}`)],
    run(current, { images, ids }) {
      const of = (kind) => names.map((key) => current[`${kind}/${key}`]);
      const loss = (...values) => {
        const p = packing.unpackTensors(Object.fromEntries(names.map((key, i) => [key, values[i]])));
        return contrastive(encodeImage(sizes, p, images), encodeText(sizes, p, ids), p.logit_scale);
      };
      const { value, grads } = tf.valueAndGrads(loss)(of('p'));
      const decays = groups.map((group) => group.decay);
      const updated = adamW(current.step, of('p'), grads, of('m'), of('v'), decays);
      const next = { step: tf.add(current.step, 1) };
      for (const [i, key] of names.entries()) {
        const [p, m, v] = updated[i];
        next[`p/${key}`] = key === 'logit_scale' ? tf.minimum(tf.maximum(p, 0), Math.log(100)) : p;
        next[`m/${key}`] = m;
        next[`v/${key}`] = v;
      }
      return { state: next, outputs: { loss: value } };
    },
  };
}
