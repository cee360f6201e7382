import '@tensorflow/tfjs-backend-cpu';
import { countParameters, initialise } from '@medbench/nn';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { Gpt77, gptModel } from './index.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

it('GPT/77 has 63,428,096 parameters, or 63,690,240 with a joint space of width 1024', () => {
  const count = (embedDim: number) => countParameters(new Gpt77().build({ embedDim, vocabSize: 49408 }).parameters);
  expect([count(512), count(1024)]).toEqual([63_428_096, 63_690_240]);
});

describe('a small tower', () => {
  const model = gptModel({ id: 't', contextLength: 6, vocabSize: 20, width: 64, layers: 2, embedDim: 8 });
  const run = (ids: number[]) => {
    const drawn = initialise(model.parameters, 1);
    const parameters = Object.fromEntries(
      Object.entries(drawn).map(([name, { data, shape }]) => [name, tf.tensor(data, [...shape])]),
    );
    const { embedding, tokens } = model.forward(parameters, tf.tensor2d(ids, [1, 6], 'int32'));
    return { embedding: [...embedding.dataSync()], tokens: tokens.arraySync()[0]! };
  };

  it('does not see tokens after the end token', () => {
    expect(run([18, 3, 4, 19, 0, 0]).embedding).toEqual(run([18, 3, 4, 19, 7, 9]).embedding);
  });

  it('sees the words before the end token', () => {
    expect(run([18, 3, 4, 19, 0, 0]).embedding).not.toEqual(run([18, 5, 4, 19, 0, 0]).embedding);
  });

  it('is causal: changing a token does not change the outputs before it', () => {
    const [original, changed] = [run([18, 3, 4, 5, 6, 19]).tokens, run([18, 3, 4, 9, 6, 19]).tokens];
    expect(original.slice(0, 3)).toEqual(changed.slice(0, 3));
    expect(original[3]).not.toEqual(changed[3]);
  });
});

describe('an appended token', () => {
  const sizes = { vocabSize: 20, width: 64, layers: 3, embedDim: 8 };
  const model = gptModel({ id: 't', contextLength: 6, ...sizes });
  const values = Object.fromEntries(
    Object.entries(initialise(model.parameters, 1)).map(([name, { data, shape }]) => [
      name,
      tf.tensor(data, [...shape]),
    ]),
  );
  /** Row 17 of the token table, so that a tower that reads id 17 last sees the same token. */
  const appended = tf.reshape(tf.slice(values['token_embedding.weight']!, [17, 0], [1, 64]), [64]) as tf.Tensor1D;
  const run = (ids: number[], parameters = values) =>
    model.forward(parameters, tf.tensor2d(ids, [1, 6], 'int32'), { appended });
  const plain = (ids: number[]) => model.forward(values, tf.tensor2d(ids, [1, 6], 'int32'));
  const worst = (a: tf.Tensor, b: tf.Tensor): number => tf.max(tf.abs(tf.sub(a, b))).dataSync()[0]!;
  /** The parameters with other position embeddings at one position. */
  const moved = (position: number) => {
    const table = values.positional_embedding!;
    const row = tf.oneHot(tf.tensor1d([position], 'int32'), 6);
    return { ...values, positional_embedding: tf.add(table, tf.mul(tf.transpose(row), tf.range(0, 64))) };
  };

  it('sees all ids if none is 0, and is then the last token of a causal tower', () => {
    const read = plain([18, 3, 4, 5, 6, 17]);
    const last = tf.slice(read.tokens, [0, 5, 0], [1, 1, 64]);
    expect(worst(run([18, 3, 4, 5, 6, 19]).pooled, tf.reshape(last, [1, 64]))).toBeLessThan(1e-5);
  });

  it('is seen by no id: their outputs are those of a causal tower', () => {
    const [with_, without] = [run([18, 3, 4, 19, 0, 0]), plain([18, 3, 4, 19, 0, 0])];
    expect(with_.tokens.shape).toEqual([1, 5, 64]);
    expect(worst(with_.tokens, tf.slice(without.tokens, [0, 0, 0], [1, 5, 64]))).toBeLessThan(1e-5);
    expect(worst(with_.hidden!, tf.slice(without.hidden!, [0, 0, 0], [1, 5, 64]))).toBeLessThan(1e-5);
  });

  it('sees the position after each id other than 0, as the mask of the original lies, and no further padding', () => {
    const pooled = (parameters: typeof values) => run([18, 19, 0, 0, 0, 0], parameters).pooled;
    expect(worst(pooled(moved(2)), pooled(values))).toBeGreaterThan(1e-3);
    for (const position of [3, 4]) expect(worst(pooled(moved(position)), pooled(values))).toBe(0);
  });
});

it('embeds tokens as it embeds the end token', () => {
  const model = gptModel({ id: 't', contextLength: 6, vocabSize: 20, width: 64, layers: 2, embedDim: 8 });
  const parameters = Object.fromEntries(
    Object.entries(initialise(model.parameters, 1)).map(([name, { data, shape }]) => [
      name,
      tf.tensor(data, [...shape]),
    ]),
  );
  const output = model.forward(parameters, tf.tensor2d([18, 3, 19, 0, 0, 0], [1, 6], 'int32'));
  const end = tf.reshape(tf.slice(output.tokenEmbeddings!, [0, 2, 0], [1, 1, 8]), [1, 8]);
  expect(tf.max(tf.abs(tf.sub(end, output.embedding))).dataSync()[0]!).toBeLessThan(1e-6);
});
