import '@tensorflow/tfjs-backend-cpu';
import { countParameters, initialise } from '@medbench/nn';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { BertBase, BertBaseMean, BertBaseMlp, BertDemo, bertModel } from './index.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

it('BERT-base has the parameters of the original with a cased and an uncased vocabulary', () => {
  const count = (Encoder: typeof BertBase, vocabSize: number) =>
    countParameters(new Encoder().build({ embedDim: 512, vocabSize }).parameters);
  // Hugging Face's BertModel without its pooler, and the projection.
  expect(count(BertBase, 30522)).toBe(108_891_648 + 768 * 512);
  expect(count(BertBaseMean, 28996)).toBe(107_719_680 + 768 * 512);
  expect(count(BertBaseMlp, 30522)).toBe(108_891_648 + 768 * 640 + 640 * 512);
});

it('takes vocabulary, context and padding from the run, and the exact GELU whatever it asks', () => {
  const model = new BertDemo().build({
    embedDim: 8,
    vocabSize: 30,
    contextLength: 6,
    padId: 4,
    activation: 'quick-gelu',
  });
  expect(model).toMatchObject({ vocabSize: 30, contextLength: 6, padId: 4, bidirectional: true });
  expect(new BertDemo().input).toEqual({ tokens: 'word-pieces', smallVocabulary: true });
  expect(new BertBase().input).toEqual({ tokens: 'word-pieces' });
});

describe.each(['cls', 'mean'] as const)('a small tower that pools by %s', (pooling) => {
  const sizes = { contextLength: 6, positions: 8, vocabSize: 20, width: 64, layers: 2, embedDim: 8 };
  const model = bertModel({ id: 't', ...sizes, pooling, projection: 'mlp' });
  const drawn = initialise(model.parameters, 1);
  const run = (ids: number[]) => {
    const parameters = Object.fromEntries(
      Object.entries(drawn).map(([name, { data, shape }]) => [name, tf.tensor(data, [...shape])]),
    );
    const output = model.forward(parameters, tf.tensor2d(ids, [1, ids.length], 'int32'));
    return { embedding: [...output.embedding.dataSync()], output };
  };
  const apart = (a: readonly number[], b: readonly number[]): number =>
    Math.max(...a.map((value, i) => Math.abs(value - b[i]!)));

  it('gives a text the same embedding with more padding', () => {
    expect(apart(run([2, 7, 8, 3]).embedding, run([2, 7, 8, 3, 0, 0]).embedding)).toBeLessThan(1e-6);
  });

  it('reads in both directions', () => {
    const first = ({ output }: ReturnType<typeof run>) => [
      ...tf.slice(output.tokens, [0, 1, 0], [1, 1, 64]).dataSync(),
    ];
    expect(apart(first(run([2, 7, 8, 3, 0, 0])), first(run([2, 7, 9, 3, 0, 0])))).toBeGreaterThan(1e-4);
  });

  it('embeds a token as it embeds the pooled one', () => {
    const { output, embedding } = run([2, 7, 8, 3, 0, 0]);
    if (pooling === 'mean') return expect(output.tokenEmbeddings!.shape).toEqual([1, 6, 8]);
    expect(apart([...tf.slice(output.tokenEmbeddings!, [0, 0, 0], [1, 1, 8]).dataSync()], embedding)).toBeLessThan(
      1e-6,
    );
  });
});

it('refuses sizes that do not fit', () => {
  const sizes = { id: 't', contextLength: 6, positions: 8, vocabSize: 20, width: 64, layers: 1, embedDim: 8 } as const;
  expect(() => bertModel({ ...sizes, width: 70, pooling: 'cls', projection: 'linear' })).toThrow('no multiple of 64');
  expect(() => bertModel({ ...sizes, contextLength: 9, pooling: 'cls', projection: 'linear' })).toThrow('table of 8');
});
