import '@tensorflow/tfjs-backend-cpu';
import { random } from '@medbench/core';
import { gptModel } from '@medbench/encoders-gpt';
import { VitB16 } from '@medbench/encoders-vit';
import { countParameters, dualEncoder, initialise } from '@medbench/nn';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { Slip } from './index.js';

const method = new Slip();
const text = gptModel({ id: 't', contextLength: 4, vocabSize: 8, width: 64, layers: 1, embedDim: 8 });
const model = dualEncoder(new VitB16().build({ embedDim: 512, vocabSize: 8 }), text);

beforeAll(() => tf.setBackend('cpu'));

it("has the 20,996,352 parameters of SLIP's head on a ViT-B", () => {
  expect(countParameters(method.parameters(model, { hidden: 0, output: 256 }))).toBe(20_996_352);
});

describe('views', () => {
  const { first, second } = method.inputs(model, { crop: 0.08, flip: false });
  const stream = random(1, 'picture');
  const data = Uint8Array.from({ length: 40 * 40 * 3 }, () => stream.integer(256));
  const example = { image: { width: 40, height: 40, channels: 3, data }, caption: '' } as const;

  it('are two of the size of the tower, and differ with the stream alone', () => {
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

describe('the objective', () => {
  const specs = method.parameters({ image: { width: 3 } } as Parameters<Slip['parameters']>[0], {
    hidden: 4,
    output: 2,
  });
  const run = (lambda: number) => {
    const parameters = Object.fromEntries(
      Object.entries(initialise(specs, 5)).map(([name, { data, shape }]) => [name, tf.tensor(data, [...shape])]),
    );
    const rows = (phase: number) =>
      tf.tensor2d(
        Array.from({ length: 12 }, (_, i) => Math.sin(i * i + phase)),
        [4, 3],
      );
    const { loss, terms } = method.objective({
      representations: { image: rows(0), text: rows(1), first: rows(2), second: rows(3) },
      parameters: { ...parameters, logit_scale: tf.scalar(1) },
      settings: { lambda, temperature: 0.1 },
    });
    const of = (value: tf.Tensor | undefined): number => value?.dataSync()[0] ?? Number.NaN;
    return { loss: of(loss), contrast: of(terms.contrast), views: of(terms.views) };
  };

  it('adds λ times the loss between the views to that of CLIP', () => {
    const [one, three] = [run(1), run(3)];
    expect(three.contrast).toBe(one.contrast);
    expect(three.views).toBe(one.views);
    expect(one.loss).toBeCloseTo(one.contrast + one.views, 5);
    expect(three.loss).toBeCloseTo(one.contrast + 3 * one.views, 5);
    expect(run(0).loss).toBeCloseTo(one.contrast, 6);
  });
});
