import '@tensorflow/tfjs-backend-cpu';
import { random } from '@medbench/core';
import { gptModel } from '@medbench/encoders-gpt';
import { VitB16, vitModel } from '@medbench/encoders-vit';
import { countParameters, dualEncoder, initialise } from '@medbench/nn';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { MaskedFeatures, MaskedPixels, MaskedViews, NtXentViews, SimsiamViews } from '../src/plugin.js';

const text = gptModel({ id: 't', contextLength: 4, vocabSize: 8, width: 64, layers: 1, embedDim: 8 });
const model = dualEncoder(new VitB16().build({ embedDim: 512, vocabSize: 8 }), text);
const small = dualEncoder(vitModel({ id: 'v', imageSize: 16, patchSize: 4, width: 64, layers: 1, embedDim: 8 }), text);
const views = { temperature: 0.1, hidden: 'auto', output: 256, crop: 0.08, flip: false } as const;

beforeAll(() => tf.setBackend('cpu'));

it("nt-xent-views has the 20,996,352 parameters of SLIP's head on a ViT-B", () => {
  expect(countParameters(new NtXentViews().parameters(model, views))).toBe(20_996_352);
  expect(countParameters(new NtXentViews().parameters(model, { ...views, hidden: 4096 }))).toBe(20_996_352);
});

describe('views', () => {
  const { first, second } = new NtXentViews().inputs(model, views);
  const stream = random(1, 'image');
  const data = Uint8Array.from({ length: 40 * 40 * 3 }, () => stream.integer(256));
  const example = { image: { width: 40, height: 40, channels: 3, data }, caption: '' } as const;

  it("are two images of the tower's size that depend on the random stream alone", () => {
    expect([first!.shape, second!.shape]).toEqual([
      [224, 224, 3],
      [224, 224, 3],
    ]);
    const once = first!.draw(example, random(3, 'first'));
    expect(once).toHaveLength(224 * 224 * 3);
    expect(first!.draw(example, random(3, 'first'))).toEqual(once);
    expect(second!.draw(example, random(3, 'second'))).not.toEqual(once);
  });
});

it.each([
  ['masked-views', new MaskedViews().inputs(small, { ...views, ratio: 0.5 }), { first: [8], second: [8] }],
  ['masked-features', new MaskedFeatures().inputs(small), { order: [16] }],
  ['masked-pixels', new MaskedPixels().inputs(small), { order: [16] }],
] as const)('%s declares the shapes of its inputs', (_id, inputs, shapes) => {
  expect(Object.fromEntries(Object.entries(inputs).map(([name, { shape }]) => [name, shape]))).toEqual(shapes);
});

it('only masked-features keeps an EMA teacher', () => {
  expect(new MaskedFeatures().teacher({ ratio: 0.5, momentum: 0.9 })).toBe(0.9);
  expect('teacher' in new MaskedPixels()).toBe(false);
});

it('NT-Xent between the projections of two views is ln(2B - 1) if the temperature hides all differences', () => {
  const settings = { ...views, hidden: 4, output: 2 };
  const objective = new NtXentViews();
  const specs = objective.parameters({ image: { width: 3 } } as typeof model, settings);
  const parameters = Object.fromEntries(
    Object.entries(initialise(specs, 5)).map(([name, { data, shape }]) => [name, tf.tensor(data, [...shape])]),
  );
  const rows = (phase: number) =>
    tf.tensor2d(
      Array.from({ length: 12 }, (_, i) => Math.sin(i * i + phase)),
      [4, 3],
    );
  const representations = { first: rows(2), second: rows(3) };
  const loss = (temperature: number) =>
    objective.loss({ representations, parameters, settings: { ...settings, temperature } }).loss.dataSync()[0]!;
  // Four pairs: each of the eight rows looks for its partner among seven.
  expect(loss(1000)).toBeCloseTo(Math.log(7), 2);
  expect(loss(0.1)).not.toBeCloseTo(Math.log(7), 2);
});

it.each([new NtXentViews(), new MaskedViews(), new MaskedPixels(), new MaskedFeatures(), new SimsiamViews()])(
  'the text tower and the parameters behind the pooled feature are idle in $constructor.name',
  (objective) => {
    const idle = objective.idle(small);
    expect(idle).toContain('token_embedding.weight');
    expect(idle).toContain('visual.proj');
    expect(idle).toContain('logit_scale');
    expect(idle.filter((name) => name.startsWith('visual.'))).toEqual(['visual.proj']);
  },
);
