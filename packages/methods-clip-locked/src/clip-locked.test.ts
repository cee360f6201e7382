import type { DualEncoderModel } from '@medbench/core';
import { pluginMetadata } from '@medbench/core';
import { gptModel } from '@medbench/encoders-gpt';
import { VitB16 } from '@medbench/encoders-vit';
import { countParameters, dualEncoder } from '@medbench/nn';
import { expect, it } from 'vitest';
import { ClipLocked } from './index.js';

const model: DualEncoderModel = dualEncoder(
  new VitB16().build({ embedDim: 512, vocabSize: 49408 }),
  gptModel({ id: 't', contextLength: 77, vocabSize: 49408, width: 512, layers: 12, embedDim: 512 }),
);
const frozen = (tower: 'image' | 'text'): number => {
  const names = new Set(new ClipLocked().frozen(model, { tower }));
  return countParameters(model.parameters, ({ name }) => names.has(name));
};

it('clip-locked locks one tower, its projection included, but neither the other tower nor the logit scale', () => {
  expect(frozen('image')).toBe(86_192_640);
  expect(frozen('text')).toBe(63_428_096);
  expect(new ClipLocked().frozen(model, { tower: 'image' })).toContain('visual.proj');
  expect(new ClipLocked().frozen(model, { tower: 'image' })).not.toContain('logit_scale');
});

it('clip-locked is one of the eight methods of the study, and locks the image tower by default', () => {
  expect(pluginMetadata(ClipLocked)).toMatchObject({
    info: { id: 'clip-locked', question: 'transfer', extension: false, settings: { tower: { default: 'image' } } },
  });
});
