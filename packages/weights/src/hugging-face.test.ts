import { readFileSync } from 'node:fs';
import { Wasm } from '@medbench/backends-wasm';
import { type HostTensors, MedbenchError } from '@medbench/core';
import { gptModel } from '@medbench/encoders-gpt';
import { VitB16, vitModel } from '@medbench/encoders-vit';
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
import { fromHuggingFace, toHuggingFace, toOwnLayout } from './index.js';

const oracle: TowerOracle = JSON.parse(readFileSync(new URL('../fixtures/hugging-face.json', import.meta.url), 'utf8'));
const sizes = { width: 128, layers: 2, embedDim: 16, activation: 'gelu' } as const;
const model = dualEncoder(
  vitModel({ id: 'oracle', imageSize: 16, patchSize: 8, ...sizes }),
  gptModel({ id: 'oracle', contextLength: 12, vocabSize: 40, ...sizes }),
);
const stored: HostTensors = Object.fromEntries(
  Object.entries(oracle.parameters).map(([name, shape]) => [name, weightByFormula(name, shape)]),
);

describe('the layout of CLIPModel', () => {
  it('has the names and shapes of the original, and comes back as it went', () => {
    const own = fromHuggingFace(stored);
    expect(Object.fromEntries(Object.entries(own).map(([name, { shape }]) => [name, [...shape]]))).toEqual(
      Object.fromEntries(model.parameters.map(({ name, shape }) => [name, shape])),
    );
    expect(toHuggingFace(own)).toEqual(stored);
  });

  it('is told from that of open_clip, without buffers that are no weights', () => {
    const ids = { shape: [1, 12], dtype: 'int32', data: new Int32Array(12) } as const;
    const { layout, tensors } = toOwnLayout({ ...stored, 'text_model.embeddings.position_ids': ids });
    expect(layout).toBe('hugging-face');
    expect(Object.keys(tensors).sort()).toEqual(model.parameters.map(({ name }) => name).sort());
    expect(toOwnLayout(tensors).layout).toBe('open_clip');
  });

  it('has 398 tensors for a ViT-B', () => {
    const text = gptModel({ id: 't', contextLength: 77, vocabSize: 49408, width: 512, layers: 12, embedDim: 512 });
    const { parameters } = dualEncoder(new VitB16().build({ embedDim: 512, vocabSize: 49408 }), text);
    // No values: names are all that counts here.
    const shapes = parameters.map(({ name, shape }) => [
      name,
      { shape, dtype: 'float32', data: new Float32Array(0) } as const,
    ]);
    expect(parameters).toHaveLength(302);
    expect(Object.keys(toHuggingFace(Object.fromEntries(shapes)))).toHaveLength(398);
  });

  it('has no place for a ResNet', () => {
    const stem = {
      'visual.layer1.0.conv1.weight': { shape: [1], dtype: 'float32', data: new Float32Array(1) },
    } as const;
    expect(() => toHuggingFace(stem)).toThrow(MedbenchError);
  });
});

describe('with the same weights, the towers agree with CLIPModel', () => {
  let outputs: HostTensors;
  let gradients: HostTensors;
  beforeAll(async () => {
    const session = await new Wasm().load(towerProgram(model), fromHuggingFace(stored));
    // Hugging Face pads with the end token.
    outputs = await session.step(towerInputs(39));
    await session.dispose();
    const own = Object.entries(outputs).flatMap(([name, value]) =>
      name.startsWith('gradient/') ? [[name.slice('gradient/'.length), value] as const] : [],
    );
    gradients = toHuggingFace(Object.fromEntries(own));
  });

  it('in embeddings, to 1e-4', () => {
    expect(relativeError(outputs.image!.data, oracle.image)).toBeLessThan(1e-4);
    expect(relativeError(outputs.text!.data, oracle.text)).toBeLessThan(1e-4);
  });

  it.each(Object.keys(oracle.gradients))('in the gradient of %s, to 1e-3', (name) =>
    expect(gradientError(gradients[name]!.data, oracle, name)).toBeLessThan(1e-3),
  );

  it('would not agree with queries and keys exchanged', async () => {
    const block = 'vision_model.encoder.layers.0.self_attn.';
    const swapped = {
      ...stored,
      [`${block}q_proj.weight`]: stored[`${block}k_proj.weight`]!,
      [`${block}k_proj.weight`]: stored[`${block}q_proj.weight`]!,
    };
    const session = await new Wasm().load(towerProgram(model), fromHuggingFace(swapped));
    const { image } = await session.step(towerInputs(39));
    await session.dispose();
    expect(relativeError(image!.data, oracle.image)).toBeGreaterThan(1e-2);
  });
});
