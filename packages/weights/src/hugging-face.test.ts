import { type HostTensors, MedbenchError } from '@medbench/core';
import { gptModel } from '@medbench/encoders-gpt';
import { VitB16, vitModel } from '@medbench/encoders-vit';
import { dualEncoder, initialise } from '@medbench/nn';
import { describe, expect, it } from 'vitest';
import { fromHuggingFace, toHuggingFace, toOwnLayout } from './index.js';

// tests/towers.test.ts shows that the names are those of the original.
const sizes = { width: 128, layers: 2, embedDim: 16 };
const model = dualEncoder(
  vitModel({ id: 'v', imageSize: 16, patchSize: 8, ...sizes }),
  gptModel({ id: 't', contextLength: 12, vocabSize: 40, ...sizes }),
);
const weights = initialise(model.parameters, 3);

describe('the layout of CLIPModel', () => {
  it('is converted there and back without a change', () => {
    expect(fromHuggingFace(toHuggingFace(weights))).toEqual(weights);
  });

  it('is distinguished from that of open_clip, and buffers that are not weights are dropped', () => {
    const ids = { shape: [1, 12], dtype: 'int32', data: new Int32Array(12) } as const;
    const { layout, tensors } = toOwnLayout({
      ...toHuggingFace(weights),
      'text_model.embeddings.position_ids': ids,
    });
    expect(layout).toBe('hugging-face');
    expect(tensors).toEqual(weights);
    expect(toOwnLayout(tensors).layout).toBe('open_clip');
  });

  it('has 398 tensors for a ViT-B, where open_clip has 302', () => {
    const text = gptModel({ id: 't', contextLength: 77, vocabSize: 49408, width: 512, layers: 12, embedDim: 512 });
    const { parameters } = dualEncoder(new VitB16().build({ embedDim: 512, vocabSize: 49408 }), text);
    // The tensors have no values, because only their names count here.
    const named: HostTensors = Object.fromEntries(
      parameters.map(({ name, shape }) => [name, { shape, dtype: 'float32', data: new Float32Array(0) }]),
    );
    expect([parameters.length, Object.keys(toHuggingFace(named)).length]).toEqual([302, 398]);
  });

  it('has no place for a ResNet', () => {
    const stem: HostTensors = {
      'visual.layer1.0.conv1.weight': { shape: [1], dtype: 'float32', data: new Float32Array(1) },
    };
    expect(() => toHuggingFace(stem)).toThrow(MedbenchError);
  });
});
