import { readFileSync } from 'node:fs';
import type { DualEncoderModel, HostTensors } from '@medbench/core';
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
import { fromHuggingFace, toHuggingFace } from '@medbench/weights';
import { beforeAll, describe, expect, it } from 'vitest';
import { backends } from './support/backends.js';

/**
 * A reference implementation, with conversions of its weights to medbench's layout and of medbench's gradients back.
 */
interface Reference {
  readonly oracle: TowerOracle;
  readonly model: DualEncoderModel;
  /** The token id that pads its texts. */
  readonly padding: number;
  readonly toOwn: (weights: HostTensors) => HostTensors;
  readonly fromOwn: (gradients: HostTensors) => HostTensors;
}

const readOracle = (file: string): TowerOracle =>
  JSON.parse(readFileSync(new URL(`fixtures/${file}`, import.meta.url), 'utf8'));
const same = (tensors: HostTensors): HostTensors => tensors;

function towers(activation: 'quick-gelu' | 'gelu'): DualEncoderModel {
  const sizes = { width: 128, layers: 2, embedDim: 16, activation };
  return dualEncoder(
    vitModel({ id: 'oracle', imageSize: 16, patchSize: 8, ...sizes }),
    gptModel({ id: 'oracle', contextLength: 12, vocabSize: 40, ...sizes }),
  );
}

const REFERENCES: Readonly<Record<string, Reference>> = {
  open_clip: {
    oracle: readOracle('clip-towers.json'),
    model: towers('quick-gelu'),
    padding: 0,
    toOwn: same,
    fromOwn: same,
  },
  "Hugging Face's CLIPModel": {
    oracle: readOracle('hugging-face.json'),
    model: towers('gelu'),
    padding: 39,
    toOwn: fromHuggingFace,
    fromOwn: toHuggingFace,
  },
};

describe.each(Object.entries(REFERENCES))('the towers agree with %s', (_name, reference) => {
  const { oracle, model, padding, toOwn, fromOwn } = reference;
  const stored = Object.fromEntries(
    Object.entries(oracle.parameters).map(([name, shape]) => [name, weightByFormula(name, shape)]),
  );

  it('in names and shapes of all parameters', () => {
    const shapes = (all: Iterable<readonly [string, { readonly shape: readonly number[] }]>) =>
      Object.fromEntries([...all].map(([name, { shape }]) => [name, [...shape]]));
    expect(shapes(Object.entries(toOwn(stored)))).toEqual(shapes(model.parameters.map((spec) => [spec.name, spec])));
  });

  describe.each(backends)('on %s', (_id, backend) => {
    let outputs: HostTensors;
    let gradients: HostTensors;
    beforeAll(async () => {
      const session = await backend.load(towerProgram(model), toOwn(stored));
      outputs = await session.step(towerInputs(padding));
      await session.dispose();
      const named = Object.entries(outputs).flatMap(([name, value]) =>
        name.startsWith('gradient/') ? [[name.slice('gradient/'.length), value] as const] : [],
      );
      gradients = fromOwn(Object.fromEntries(named));
    });

    it('in embeddings, to 1e-4', () => {
      expect(relativeError(outputs.image!.data, oracle.image)).toBeLessThan(1e-4);
      expect(relativeError(outputs.text!.data, oracle.text)).toBeLessThan(1e-4);
    });

    it.each(Object.keys(oracle.gradients))('in the gradient of %s, to 1e-3', (name) =>
      expect(gradientError(gradients[name]!.data, oracle, name)).toBeLessThan(1e-3),
    );
  });
});

it('swapped queries and keys are detected', async () => {
  const { oracle, model, toOwn } = REFERENCES["Hugging Face's CLIPModel"]!;
  const block = 'vision_model.encoder.layers.0.self_attn.';
  const other: Record<string, string> = {
    [`${block}q_proj.weight`]: `${block}k_proj.weight`,
    [`${block}k_proj.weight`]: `${block}q_proj.weight`,
  };
  const swapped = Object.fromEntries(
    Object.entries(oracle.parameters).map(([name, shape]) => [name, weightByFormula(other[name] ?? name, shape)]),
  );
  const session = await backends[0]![1].load(towerProgram(model), toOwn(swapped));
  const { image } = await session.step(towerInputs(39));
  await session.dispose();
  expect(relativeError(image!.data, oracle.image)).toBeGreaterThan(1e-2);
});
