import { Compiled } from '@medbench/backends-compiled';
import { Wasm } from '@medbench/backends-wasm';
import {
  type AnyMethod,
  type DualEncoderModel,
  type HostTensors,
  type ImageEncoderModel,
  isMedbenchError,
} from '@medbench/core';
import { bertModel } from '@medbench/encoders-bert';
import { convNextModel } from '@medbench/encoders-convnext';
import { gptModel } from '@medbench/encoders-gpt';
import { resnetModel } from '@medbench/encoders-resnet';
import { swinModel } from '@medbench/encoders-swin';
import { timmVitModel, vitModel } from '@medbench/encoders-vit';
import { Declip } from '@medbench/methods-declip';
import { Gloria } from '@medbench/methods-gloria';
import { dualEncoder } from '@medbench/nn';
import { describe, expect, it } from 'vitest';
import { selected } from './support/full.js';
import { createRow, ROWS, model as study, trainOn } from './support/methods.js';

// Each method of the study, and each that reads tokens, with each family of towers: training on the compiled backend
// follows the eager one, or the method says what the tower lacks.

const STEPS = 20;
/**
 * Small steps: with larger ones, rounding grows until a rectifier or a nearest neighbour jumps, and the two trainings part
 * (see `JUMPING` in xla-training.test.ts).
 */
const TRAINING = { learningRate: 2e-5, warmup: 0 };
const compiled = new Compiled();
const eager = new Wasm();

const { vocabSize } = study.text;
const text = gptModel({ id: 'gpt', contextLength: 12, vocabSize, width: 64, layers: 2, embedDim: 32 });
const vit = { imageSize: 16, patchSize: 4, width: 64, layers: 2, embedDim: 32 };
const withGpt = (image: ImageEncoderModel): DualEncoderModel => dualEncoder(image, text);

/** The smallest towers of each family. */
const FAMILIES: Readonly<Record<string, DualEncoderModel>> = {
  vit: withGpt(vitModel({ id: 'vit', ...vit })),
  'vit of timm': withGpt(timmVitModel({ id: 'vit-timm', ...vit, pooling: 'token' })),
  siglip: withGpt(timmVitModel({ id: 'vit-siglip', ...vit, pooling: 'map' })),
  resnet: withGpt(resnetModel({ id: 'resnet', imageSize: 64, baseWidth: 8, layers: [1, 1, 1, 1], embedDim: 32 })),
  convnext: withGpt(
    convNextModel({ id: 'convnext', imageSize: 64, widths: [8, 16, 32, 64], depths: [1, 1, 1, 1], embedDim: 32 }),
  ),
  swin: withGpt(
    swinModel({ id: 'swin', imageSize: 32, width: 16, depths: [2, 2], heads: [1, 2], window: 4, embedDim: 32 }),
  ),
  bert: dualEncoder(
    vitModel({ id: 'vit', ...vit }),
    bertModel({
      ...{ id: 'bert', contextLength: 12, positions: 12, vocabSize, width: 64, layers: 2, embedDim: 32 },
      ...{ pooling: 'cls', projection: 'mlp' },
    }),
  ),
};

/** The refusals: which methods of a family, and the message that names what is missing. All other pairs train. */
const REFUSED: Readonly<Record<string, readonly [methods: RegExp, message: RegExp]>> = {
  resnet: [/^(flip|masked-cl)/, /resnet has no patches, which this method drops or hides/],
  convnext: [/^(flip|masked-cl)/, /convnext has no patches, which this method drops or hides/],
  swin: [/^(flip|masked-cl)/, /swin has no patches, which this method drops or hides/],
  bert: [
    /^(coca|declip)/,
    /needs a causal text tower: it predicts each word from those before it, and bert has read them all/,
  ],
};

/** The eight methods of the study, and the two others that read tokens. */
const EIGHT = ['clip', 'clip-locked, image', 'clip-partial', 'slip', 'masked-cl, view', 'flip', 'coca', 'filip'];
const METHODS: typeof ROWS = [
  ...ROWS.filter(([name]) => EIGHT.includes(name)),
  ['gloria', Gloria as new () => AnyMethod, { width: 16 }],
  ['declip', Declip as new () => AnyMethod, { hidden: 32, output: 16, queue: 24 }],
];

const cases = Object.entries(FAMILIES).flatMap(([family, towers]) =>
  METHODS.map(([method, Row, given]) => [`${method} with ${family}`, family, method, Row, given, towers] as const),
);
/** Dropped patches with a pool over all patches, blocks frozen across stages, and refusals. */
const SAMPLE = ['flip with siglip', 'clip-partial with convnext', 'flip with resnet', 'coca with bert'];

describe.each(selected('training of', cases, SAMPLE))('training of %s', (_, family, method, Row, given, towers) => {
  const [refused, message] = REFUSED[family] ?? [];
  if (refused?.test(method)) {
    it('is refused with the reason, before anything is computed', () => {
      let error: unknown;
      try {
        createRow(Row, given, {}, towers);
      } catch (thrown) {
        error = thrown;
      }
      expect(isMedbenchError(error) && error.code).toBe('config');
      expect((error as Error).message).toMatch(message!);
    });
    return;
  }

  it(`follows the eager backend for ${STEPS} steps, to 1e-4`, async () => {
    const [once, other] = [createRow(Row, given, TRAINING, towers), createRow(Row, given, TRAINING, towers)];
    const found = await trainOn(compiled, once, STEPS, { selfCheck: false });
    const expected = await trainOn(eager, other, STEPS);
    await once.load.close();
    await other.load.close();
    expected.losses.forEach((loss, i) =>
      expect(Math.abs(found.losses[i]! - loss), `step ${i}`).toBeLessThan(1e-4 * Math.max(1, Math.abs(loss))),
    );
    // The weights go the same way. Single numbers with hardly any gradient, such as a bias of keys, follow rounding.
    const { trainable } = once.step;
    const distance = (a: HostTensors, b: HostTensors): number =>
      Math.hypot(...trainable.map((name) => Math.hypot(...Array.from(a[name]!.data, (x, i) => x - b[name]!.data[i]!))));
    const way = distance(once.start, expected.weights);
    expect(way).toBeGreaterThan(0);
    expect(distance(found.weights, expected.weights)).toBeLessThan(0.05 * way);
  });
});
