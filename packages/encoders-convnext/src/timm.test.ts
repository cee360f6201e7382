import { readFileSync } from 'node:fs';
import { Compiled } from '@medbench/backends-compiled';
import { Wasm } from '@medbench/backends-wasm';
import type { HostTensors } from '@medbench/core';
import {
  gradientError,
  IMAGE_TOWER_PARTS,
  type ImageTowerOracle,
  imageTowerProgram,
  imageTowerWeights,
  oracleImages,
  relativeError,
} from '@medbench/nn/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import { convNextModel } from './index.js';

const BATCH = 2;
const oracle: ImageTowerOracle = JSON.parse(readFileSync(new URL('../fixtures/timm.json', import.meta.url), 'utf8'));
const model = convNextModel({
  id: 'oracle',
  imageSize: 64,
  widths: [8, 12, 16, 24],
  depths: [1, 2, 1, 1],
  embedDim: 8,
});

it('has the parameter names and shapes of timm and open_clip', () => {
  expect(Object.fromEntries(model.parameters.map(({ name, shape }) => [name, shape]))).toEqual(oracle.shapes);
});

describe.each([
  ['wasm', new Wasm()],
  ['compiled', new Compiled()],
] as const)('on %s, the tower agrees with timm', (_, backend) => {
  let outputs: HostTensors;
  beforeAll(async () => {
    const session = await backend.load(imageTowerProgram(model, BATCH), imageTowerWeights(model));
    outputs = await session.step({ images: oracleImages(BATCH, model.imageSize) });
    await session.dispose();
  });

  it('in embeddings, to 1e-4', () =>
    expect(relativeError(outputs.embedding!.data, oracle.embedding)).toBeLessThan(1e-4));

  it.each(IMAGE_TOWER_PARTS)('in %s, to 1e-4', (part) => {
    const one = { gradients: { [part]: oracle[part] }, loss: 0 };
    expect(gradientError(outputs[part]!.data, one, part)).toBeLessThan(1e-4);
  });

  it.each(Object.keys(oracle.gradients))('in the gradient of %s, to 1e-3', (name) =>
    expect(gradientError(outputs[`gradient/${name}`]!.data, oracle, name)).toBeLessThan(1e-3),
  );
});
