import { readFileSync } from 'node:fs';
import { Wasm } from '@medbench/backends-wasm';
import type { HostTensors, ImageEncoderModel, TextEncoderModel } from '@medbench/core';
import { gptModel } from '@medbench/encoders-gpt';
import { vitModel } from '@medbench/encoders-vit';
import { dualEncoder } from '@medbench/nn';
import {
  gradientError,
  relativeError,
  type TowerOracle,
  towerInputs,
  towerProgram,
  weightByFormula,
} from '@medbench/nn/testing';
import { beforeAll, describe, expect, it } from 'vitest';

const oracle: TowerOracle = JSON.parse(readFileSync(new URL('../fixtures/clip-towers.json', import.meta.url), 'utf8'));
const sizes = { width: 128, layers: 2, embedDim: 16 };
const model = dualEncoder(
  vitModel({ id: 'oracle', imageSize: 16, patchSize: 8, ...sizes }) as ImageEncoderModel,
  gptModel({ id: 'oracle', contextLength: 12, vocabSize: 40, ...sizes }) as TextEncoderModel,
);

describe('the towers agree with open_clip', () => {
  let outputs: HostTensors;
  beforeAll(async () => {
    const state = Object.fromEntries(model.parameters.map(({ name, shape }) => [name, weightByFormula(name, shape)]));
    const session = await new Wasm().load(towerProgram(model), state);
    outputs = await session.step(towerInputs());
    await session.dispose();
  });

  it('in names and shapes of all parameters', () => {
    expect(Object.fromEntries(model.parameters.map(({ name, shape }) => [name, shape]))).toEqual(oracle.parameters);
  });

  it('in embeddings, to 1e-4', () => {
    expect(relativeError(outputs.image!.data, oracle.image)).toBeLessThan(1e-4);
    expect(relativeError(outputs.text!.data, oracle.text)).toBeLessThan(1e-4);
  });

  it.each(Object.keys(oracle.gradients))('in the gradient of %s, to 1e-3', (name) =>
    expect(gradientError(outputs[`gradient/${name}`]!.data, oracle, name)).toBeLessThan(1e-3),
  );
});
