import { readFileSync } from 'node:fs';
import type { HostTensor, HostTensors, Program } from '@medbench/core';
import { BertBase, BertBaseMlp, type BertSizes, bertModel } from '@medbench/encoders-bert';
import { countParameters, differentiate, stageSizes } from '@medbench/nn';
import { gradientError, relativeError, type TowerOracle, towerInputs, weightByFormula } from '@medbench/nn/testing';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { backends } from './support/backends.js';

/** One tower by open_clip and Hugging Face (`scripts/oracles/bert_towers.py`). */
interface Pass {
  readonly parameters: Readonly<Record<string, readonly number[]>>;
  readonly embedding: readonly number[];
  /** Record of the tokens, with zeros at padding. */
  readonly tokens: TowerOracle['gradients'][string];
  readonly loss: number;
  readonly gradients: TowerOracle['gradients'];
}
interface Counts {
  readonly embedding: number;
  readonly blocks: readonly number[];
  readonly head: number;
  readonly all: number;
}
const oracle: {
  readonly cases: Readonly<Record<string, Pass>>;
  readonly counts: Readonly<Record<BertSizes['projection'], Counts>>;
} = JSON.parse(readFileSync(new URL('fixtures/bert-towers.json', import.meta.url), 'utf8'));

const sizes = { contextLength: 12, positions: 16, vocabSize: 40, width: 128, layers: 2, embedDim: 16 } as const;
const MODELS = {
  'cls-linear': bertModel({ id: 'oracle', ...sizes, pooling: 'cls', projection: 'linear' }),
  'cls-mlp': bertModel({ id: 'oracle', ...sizes, pooling: 'cls', projection: 'mlp' }),
  'mean-linear': bertModel({ id: 'oracle', ...sizes, pooling: 'mean', projection: 'linear' }),
} as const;
type Case = keyof typeof MODELS;
const ids: HostTensor = towerInputs().ids!;

/** Returns embedding, tokens, the oracle's loss and its gradients. */
const buildProgram = (name: Case): Program => ({
  name,
  state: Object.fromEntries(
    MODELS[name].parameters.map((spec) => [spec.name, { shape: spec.shape, dtype: 'float32' }]),
  ),
  inputs: { ids },
  run(parameters, inputs) {
    const weight = tf.reshape(tf.cos(tf.range(0, 48)), [3, 16]);
    const kept = tf.expandDims(tf.cast(tf.notEqual(inputs.ids!, 0), 'float32'), 2);
    const { value, gradients, terms } = differentiate(parameters, (variables) => {
      const { embedding, tokens } = MODELS[name].forward(variables, inputs.ids as tf.Tensor2D);
      const loss = tf.sum(tf.mul(embedding, weight)) as tf.Scalar;
      return { value: loss, terms: { embedding, tokens: tf.mul(tokens, kept) } };
    });
    const named = Object.entries(gradients).map(([parameter, gradient]) => [`gradient/${parameter}`, gradient]);
    return { outputs: { loss: value, ...terms, ...Object.fromEntries(named) } };
  },
});

const cases = backends.flatMap(([id, backend]) =>
  Object.keys(MODELS).map((name) => [id, name as Case, backend] as const),
);

describe.each(cases)('on %s, BERT with %s agrees with open_clip and Hugging Face', (_, name, backend) => {
  const expected = oracle.cases[name]!;
  let outputs: HostTensors;
  beforeAll(async () => {
    const state = Object.fromEntries(
      Object.entries(expected.parameters).map(([parameter, shape]) => [parameter, weightByFormula(parameter, shape)]),
    );
    const session = await backend.load(buildProgram(name), state);
    outputs = await session.step({ ids });
    await session.dispose();
  });

  it('in names and shapes of all parameters', () => {
    expect(Object.fromEntries(MODELS[name].parameters.map((spec) => [spec.name, spec.shape]))).toEqual(
      expected.parameters,
    );
  });

  it('in embeddings and tokens, to 1e-4', () => {
    expect(relativeError(outputs.embedding!.data, expected.embedding)).toBeLessThan(1e-4);
    const one = { gradients: { tokens: expected.tokens }, loss: 0 };
    expect(gradientError(outputs.tokens!.data, one, 'tokens')).toBeLessThan(1e-4);
  });

  it('in all gradients, to 1e-3', () => {
    expect(Object.keys(expected.gradients).sort()).toEqual(Object.keys(expected.parameters).sort());
    for (const parameter of Object.keys(expected.gradients)) {
      expect(gradientError(outputs[`gradient/${parameter}`]!.data, expected, parameter), parameter).toBeLessThan(1e-3);
    }
  });
});

it.each([
  ['linear', BertBase],
  ['mlp', BertBaseMlp],
] as const)(
  'BERT-base, projection %s, has as many parameters as the original, in each stage',
  (projection, Encoder) => {
    const model = new Encoder().build({ embedDim: 512, vocabSize: 30522 });
    const { all, ...stages } = oracle.counts[projection];
    expect(countParameters(model.parameters)).toBe(all);
    expect(stageSizes(model)).toEqual(stages);
    // Hugging Face's BertModel without its pooler.
    expect(all - stages.head).toBe(108_891_648);
  },
);
