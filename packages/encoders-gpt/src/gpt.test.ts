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
