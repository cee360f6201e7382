import { readFileSync } from 'node:fs';
import type {
  Backend,
  DualEncoderModel,
  EncoderOutput,
  HostTensor,
  HostTensors,
  ParameterSpec,
  RasterImage,
  TensorMap,
  TowerStage,
} from '@medbench/core';
import { batchesPerEpoch, resizeShorterSideRounded } from '@medbench/data';
import { Gpt77 } from '@medbench/encoders-gpt';
import { VitB16 } from '@medbench/encoders-vit';
import { Clip } from '@medbench/methods-clip';
import { ClipLocked } from '@medbench/methods-clip-locked';
import { ClipPartial } from '@medbench/methods-clip-partial';
import { countParameters, differentiate, dualEncoder, warmupCosine } from '@medbench/nn';
import { patchesKept } from '@medbench/nn/inputs';
import {
  captioningLoss,
  filipByTextTerms,
  filipTerms,
  infoNce,
  normalise,
  tokenwiseByText,
  unimodalImageTerms,
  viewsAsTrained,
} from '@medbench/objectives';
import {
  answerLoss,
  banParameters,
  bilinearAttention,
  bilinearJoin,
  classifyAnswers,
  fillLengths,
  fuse,
} from '@medbench/protocols-fine-tuned-vqa';
import { trainingStep } from '@medbench/training';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { backends } from './support/backends.js';
import { composed, type Row, rowSettings, TRAINING } from './support/methods.js';

// Values of the loss classes of the study of arXiv:2406.07450, run on torch 1.13.1 in float64; the file's `about` says
// how its inputs are made. Cases marked `by` were computed beside them, by a second implementation.

type Nested = number | readonly Nested[];
interface Formula {
  readonly shape: readonly number[];
  readonly fn: 'sin' | 'cos';
  readonly a: number;
  readonly b: number;
  readonly unit: boolean;
}
interface Case {
  readonly name: string;
  readonly inputs: Readonly<Record<string, Formula>>;
  readonly scale: number;
  readonly loss: number;
  readonly grad_scale: number;
  readonly grad_log_scale: number;
  readonly text_mask?: readonly (readonly number[])[];
  readonly labels?: readonly (readonly number[])[];
  readonly [key: string]: unknown;
}
interface Golden {
  readonly cases: readonly Case[];
  readonly accumulation: {
    readonly loss: number;
    readonly grad_image_weight: Nested;
    readonly grad_text_weight: Nested;
    readonly grad_log_scale_whole_batch: number;
    readonly grad_log_scale_accumulated: number;
  };
  readonly schedule: {
    readonly pairs: number;
    readonly steps_per_epoch: number;
    readonly total_steps_20_epochs: number;
    readonly lr: Readonly<Record<string, number>>;
  };
  readonly train_resize: readonly { readonly h: number; readonly w: number; readonly to: readonly [number, number] }[];

  readonly ban_head: {
    readonly parameters: Readonly<Record<string, { readonly shape: readonly number[]; readonly b: number }>>;
    readonly attention: Nested;
    readonly joined_of_each_glimpse: Nested;
    readonly fused: Nested;
    readonly answer_logits: Nested;
    readonly targets: readonly (readonly number[])[];
    readonly bce_sum_over_batch_size: number;
  };
  readonly patches_kept_of_196: Readonly<Record<string, number>>;
  readonly trainable_parameters_vit_b_16: Readonly<Record<string, number>> & {
    readonly frozen_counts: Readonly<Record<string, number>>;
  };
}
const golden: Golden = JSON.parse(readFileSync(new URL('fixtures/study-golden.json', import.meta.url), 'utf8'));

const flatten = (values: Nested): number[] => (typeof values === 'number' ? [values] : values.flatMap(flatten));

/** Entry e, counted in row-major order, is fn(a e + b). Rows are not scaled to unit length. */
function byFormula({ shape, fn, a, b }: Omit<Formula, 'unit'>): HostTensor {
  const size = shape.reduce((product, side) => product * side, 1);
  return { shape, dtype: 'float32', data: Float32Array.from({ length: size }, (_, e) => Math[fn](a * e + b)) };
}

/** Scales the last axis to unit length in float64, before the values are rounded. */
function unitRows(formula: Formula): HostTensor {
  const { shape, fn, a, b } = formula;
  const width = shape.at(-1)!;
  const raw = byFormula(formula);
  const data = Float32Array.from(raw.data, (_, e) => {
    const row = Math.floor(e / width) * width;
    const norm = Math.hypot(...Array.from({ length: width }, (__, k) => Math[fn](a * (row + k) + b)));
    return Math[fn](a * e + b) / norm;
  });
  return { shape, dtype: 'float32', data };
}

const whole = (rows: readonly (readonly number[])[], dtype: 'float32' | 'int32'): HostTensor => {
  const shape = [rows.length, rows[0]!.length];
  return dtype === 'int32'
    ? { shape, dtype, data: Int32Array.from(rows.flat()) }
    : { shape, dtype, data: Float32Array.from(rows.flat()) };
};

type Loss = (inputs: TensorMap, scale: tf.Tensor, constants: TensorMap) => tf.Scalar;

/** Rows `from` to `to` of `[B, d]`. */
const rows = (x: tf.Tensor, from: number, to: number): tf.Tensor2D =>
  tf.slice(x as tf.Tensor2D, [from, 0], [to - from, x.shape[1]!]);

/** The two halves of the rows, which are the two views. */
const halves = (images: tf.Tensor): [tf.Tensor2D, tf.Tensor2D] => {
  const half = images.shape[0]! / 2;
  return [rows(images, 0, half), rows(images, half, 2 * half)];
};

/** The two views of rows that lie as the study's training lays them: for each micro-batch its view 1, then view 2. */
function layers(images: tf.Tensor, micro: number): [tf.Tensor2D, tf.Tensor2D] {
  const starts = Array.from({ length: images.shape[0]! / (2 * micro) }, (_, i) => 2 * micro * i);
  const view = (offset: number): tf.Tensor2D =>
    tf.concat(
      starts.map((start) => rows(images, start + offset, start + offset + micro)),
      0,
    );
  return [view(0), view(micro)];
}

const tokens = ({ image_tokens, text_tokens }: TensorMap, { text_mask }: TensorMap) =>
  [image_tokens as tf.Tensor3D, text_tokens as tf.Tensor3D, text_mask as tf.Tensor2D] as const;

/** How medbench computes the loss of each case. */
const LOSSES: Readonly<Record<string, Loss>> = {
  ClipLoss: ({ image, text }, scale) => infoNce(image as tf.Tensor2D, text as tf.Tensor2D, scale),
  'ContrastClipLoss, one batch': ({ images, text }, scale) =>
    unimodalImageTerms(...halves(images!), text as tf.Tensor2D, scale).loss,
  'ContrastClipLoss, as trained (accumulation 4)': ({ images, text }, scale) => {
    const views = viewsAsTrained(...layers(images!, 2), { ranks: 1, accumulation: 4, micro: 2 });
    return unimodalImageTerms(...views, text as tf.Tensor2D, scale).loss;
  },
  'ContrastClipLoss, accumulation 4 with the views regrouped': ({ images, text }, scale) =>
    unimodalImageTerms(...layers(images!, 2), text as tf.Tensor2D, scale).loss,
  'FILIPLoss, as committed': (inputs, scale, constants) =>
    filipByTextTerms(...tokens(inputs, constants), scale, 'own').loss,
  "token-wise similarity over all pairs, with the study's other choices": (inputs, scale, constants) =>
    filipByTextTerms(...tokens(inputs, constants), scale, 'all').loss,
  "token-wise similarity over all pairs, FILIP's own directions": (inputs, scale, constants) =>
    filipTerms(...tokens(inputs, constants), scale).loss,
  'CoCaLoss (caption 2, contrastive 1, pad 0)': ({ image, text, logits }, scale, { labels }) => {
    const counts = tf.cast(tf.notEqual(labels!, 0), 'float32') as tf.Tensor2D;
    const caption = captioningLoss(logits as tf.Tensor3D, labels as tf.Tensor2D, counts);
    return tf.add(infoNce(image as tf.Tensor2D, text as tf.Tensor2D, scale), tf.mul(caption, 2));
  },
};

/** Runs a loss with its gradients by the inputs and by ln s. */
async function gradientsOn(
  backend: Backend,
  loss: (variables: TensorMap, constants: TensorMap) => tf.Scalar,
  variables: HostTensors,
  constants: HostTensors,
): Promise<HostTensors> {
  const session = await backend.load(
    {
      name: 'golden',
      state: {},
      inputs: Object.fromEntries(
        Object.entries({ ...variables, ...constants }).map(([name, { shape, dtype }]) => [name, { shape, dtype }]),
      ),
      run(_state, inputs) {
        const given = Object.fromEntries(Object.keys(variables).map((name) => [name, inputs[name]!]));
        const { value, gradients } = differentiate(given, (tracked) => ({ value: loss(tracked, inputs), terms: {} }));
        const byName = Object.entries(gradients).map(([name, gradient]) => [`by ${name}`, gradient]);
        return { outputs: { loss: value, ...Object.fromEntries(byName) } };
      },
    },
    {},
  );
  const outputs = await session.step({ ...variables, ...constants });
  await session.dispose();
  return outputs;
}

/**
 * Compares to 1e-5, relative to the largest expected value of the tensor where that is above 1: a small entry of a
 * gradient is a difference of terms of that size.
 */
function expectClose(actual: HostTensor | undefined, expected: Nested, name: string): void {
  const values = flatten(expected);
  expect(actual!.data, name).toHaveLength(values.length);
  const worst = Math.max(...values.map((value, i) => Math.abs(actual!.data[i]! - value)));
  expect(worst, name).toBeLessThanOrEqual(1e-5 * Math.max(1, ...values.map(Math.abs)));
}

const scalar = (value: number): HostTensor => ({ shape: [], dtype: 'float32', data: Float32Array.of(value) });

it('every loss of the study has its counterpart here', () => {
  expect(new Set(golden.cases.map(({ name }) => name))).toEqual(new Set(Object.keys(LOSSES)));
});

describe.each(backends)("losses as the study's, on %s", (_id, backend) => {
  describe.each(golden.cases.map((one) => [one.name, one.scale, one] as const))('%s, s = %f', (name, scale, one) => {
    const constants: HostTensors = {
      ...(one.text_mask ? { text_mask: whole(one.text_mask, 'float32') } : {}),
      ...(one.labels ? { labels: whole(one.labels, 'int32') } : {}),
    };
    const loss = LOSSES[name]!;

    it('has the same value, and the same gradients by the tensors that enter it and by ln s', async () => {
      const inputs = Object.fromEntries(
        Object.entries(one.inputs).map(([input, formula]) => [
          input,
          formula.unit ? unitRows(formula) : byFormula(formula),
        ]),
      );
      const outputs = await gradientsOn(
        backend,
        ({ log_scale, ...variables }, given) => loss(variables, tf.exp(log_scale!), given),
        { ...inputs, log_scale: scalar(Math.log(scale)) },
        constants,
      );
      expectClose(outputs.loss, one.loss, 'loss');
      expectClose(outputs['by log_scale'], one.grad_log_scale, 'ln s');
      for (const input of Object.keys(inputs)) {
        expectClose(outputs[`by ${input}`], one[`grad_${input}`] as Nested, input);
      }
    });

    it('has the same gradients by the tensors before they have unit length, and by s', async () => {
      const raw = Object.fromEntries(Object.entries(one.inputs).map(([input, formula]) => [input, byFormula(formula)]));
      const outputs = await gradientsOn(
        backend,
        ({ scale: s, ...variables }, given) => {
          const units = Object.entries(variables).map(([input, value]) => [
            input,
            one.inputs[input]!.unit ? normalise(value) : value,
          ]);
          return loss(Object.fromEntries(units), s!, given);
        },
        { ...raw, scale: scalar(scale) },
        constants,
      );
      expectClose(outputs.loss, one.loss, 'loss');
      expectClose(outputs['by scale'], one.grad_scale, 's');
      for (const input of Object.keys(raw)) {
        const expected = one.inputs[input]!.unit ? one[`grad_raw_${input}`] : one[`grad_${input}`];
        expectClose(outputs[`by ${input}`], expected as Nested, input);
      }
    });

    if ('caption_part' in one) {
      it('has the same two parts', async () => {
        const inputs = Object.fromEntries(
          Object.entries(one.inputs).map(([input, formula]) => [
            input,
            formula.unit ? unitRows(formula) : byFormula(formula),
          ]),
        );
        const caption = await gradientsOn(
          backend,
          ({ logits }, { labels }) => {
            const counts = tf.cast(tf.notEqual(labels!, 0), 'float32') as tf.Tensor2D;
            return tf.mul(captioningLoss(logits as tf.Tensor3D, labels as tf.Tensor2D, counts), 2);
          },
          { logits: inputs.logits! },
          constants,
        );
        const contrastive = await gradientsOn(
          backend,
          ({ image, text }) => infoNce(image as tf.Tensor2D, text as tf.Tensor2D, tf.scalar(scale)),
          { image: inputs.image!, text: inputs.text! },
          {},
        );
        expectClose(caption.loss, one.caption_part as number, 'caption');
        expectClose(contrastive.loss, one.contrastive_part as number, 'contrastive');
      });
    }

    if ('image_text_positives' in one) {
      it('has as many right partners', async () => {
        const count = one.image_text_positives as number;
        // Row i of view 1 is [i, 1], of view 2 [i, 2].
        const view = (which: number) =>
          whole(
            Array.from({ length: count }, (_, i) => [i, which]),
            'float32',
          );
        const inputs = { first: view(1), second: view(2) };
        const session = await backend.load(
          {
            name: 'partners',
            state: {},
            inputs: Object.fromEntries(
              Object.entries(inputs).map(([input, { shape, dtype }]) => [input, { shape, dtype }]),
            ),
            run(_state, { first, second }) {
              const division = { ranks: 1, accumulation: one.micro_batches as number, micro: count / 4 };
              const [before, after] = viewsAsTrained(first as tf.Tensor2D, second as tf.Tensor2D, division);
              return { outputs: { before, after } };
            },
          },
          {},
        );
        const { before, after } = await session.step(inputs);
        await session.dispose();
        const indices = ({ data }: HostTensor) => Array.from({ length: count }, (_, i) => data[2 * i]!);
        const [meetsText, meetsImage] = [indices(before!), indices(after!)];
        expect(meetsText.filter((index, i) => index === i)).toHaveLength(one.image_text_positives_right as number);
        expect(meetsImage.filter((index, i) => index === meetsText[i])).toHaveLength(
          one.image_image_positives_right as number,
        );
      });
    }

    if ('logits_per_text' in one) {
      it('has the same two matrices', async () => {
        const pairs = name === 'FILIPLoss, as committed' ? 'own' : 'all';
        const inputs = Object.fromEntries(
          Object.entries(one.inputs).map(([input, formula]) => [input, unitRows(formula)]),
        );
        const session = await backend.load(
          {
            name: 'matrices',
            state: {},
            inputs: Object.fromEntries(
              Object.entries({ ...inputs, ...constants }).map(([input, { shape, dtype }]) => [input, { shape, dtype }]),
            ),
            run(_state, given) {
              const { imageToText, textToImage } = tokenwiseByText(...tokens(given, given), pairs);
              return { outputs: { image: tf.mul(imageToText, scale), text: tf.mul(textToImage, scale) } };
            },
          },
          {},
        );
        const { image, text } = await session.step({ ...inputs, ...constants });
        await session.dispose();
        expectClose(image, (one.logits_per_image ?? one.logits_per_image_rows_are_texts) as Nested, 'image');
        expectClose(text, one.logits_per_text as Nested, 'text');
      });
    }
  });
});

/** Two towers without bias: the embedding of example i is row i of a table by formula, times the weight `[3, 4]`. */
function linearTowers(): DualEncoderModel {
  const specs: readonly ParameterSpec[] = [{ name: 'weight', shape: [3, 4], init: { kind: 'constant', value: 0 } }];
  const output = (embedding: tf.Tensor2D): EncoderOutput => ({
    embedding,
    pooled: embedding,
    tokens: tf.expandDims(embedding, 1) as tf.Tensor3D,
  });
  const common = { width: 4, embedDim: 4 };
  const stages = (parameter: string): TowerStage[] => [{ name: 'head', kind: 'head', parameters: [parameter] }];
  const table = byFormula({ shape: [8, 3], fn: 'cos', a: 0.9, b: 0.4 });
  return dualEncoder(
    {
      ...{ ...common, id: 'linear image', imageSize: 1, parameters: specs, stages: stages('weight') },
      forward: ({ weight }, images) =>
        output(tf.matMul(tf.reshape(images, [images.shape[0], 3]), weight as tf.Tensor2D)),
    },
    {
      ...{ ...common, id: 'linear text', contextLength: 1, vocabSize: 8, stages: stages('text_weight') },
      parameters: specs.map((spec) => ({ ...spec, name: 'text_weight' })),
      forward: ({ text_weight }, ids) => {
        const texts = tf.gather(tf.tensor2d(table.data as Float32Array, [8, 3]), tf.reshape(ids, [ids.shape[0]]));
        return output(tf.matMul(texts as tf.Tensor2D, text_weight as tf.Tensor2D));
      },
    },
  );
}

/** The batch of the linear towers, `[8]`. */
const linearBatch = (): HostTensors => ({
  images: { ...byFormula({ shape: [8, 3], fn: 'sin', a: 0.7, b: 0.1 }), shape: [8, 1, 1, 3] },
  ids: whole(
    Array.from({ length: 8 }, (_, i) => [i]),
    'int32',
  ),
});

describe.each(backends)("accumulation as the study's, on %s", (_id, backend) => {
  // Its four micro-batches of two pairs give the gradients of the whole batch, but for the scale: each micro-batch
  // computes the whole loss, so the scale gets four times its gradient. medbench adds the gradient of the scale once.
  it.each([
    ['the whole batch', null],
    ['four chunks of two', 2],
  ] as const)(
    '%s gives its gradients of the towers, and a quarter of its gradient of the scale',
    async (_n, chunkSize) => {
      const { accumulation } = golden;
      const model = linearTowers();
      const { parameters } = model;
      const training = { ...TRAINING, batchSize: 8, chunkSize, warmup: 0, clipNorm: null };
      const step = trainingStep({ name: 'linear', model, method: composed(Clip), settings: {}, parameters, training });
      const start: HostTensors = {
        'visual.weight': byFormula({ shape: [3, 4], fn: 'sin', a: 1.3, b: 0.2 }),
        text_weight: byFormula({ shape: [3, 4], fn: 'cos', a: 1.7, b: 0.5 }),
        logit_scale: scalar(Math.log(1 / 0.07)),
      };
      const session = await step.load(backend, step.initialState(start));
      const { loss } = await session.step(linearBatch());
      const state = await session.readState();
      await session.dispose();
      // After one step from zero moments, the first moment is a tenth of the gradient.
      const moments = Object.entries(state).flatMap(([name, tensor]) =>
        name.startsWith('moment1/')
          ? [
              [
                name.replace('moment1/', 'trained/'),
                { ...tensor, data: (tensor.data as Float32Array).map((moment) => moment * 10) },
              ] as const,
            ]
          : [],
      );
      const gradients = step.parametersOf({ ...state, ...Object.fromEntries(moments) });
      expectClose(loss, accumulation.loss, 'loss');
      expectClose(gradients['visual.weight'], accumulation.grad_image_weight, 'image');
      expectClose(gradients.text_weight, accumulation.grad_text_weight, 'text');
      expectClose(gradients.logit_scale, accumulation.grad_log_scale_whole_batch, 'scale');
      expectClose(gradients.logit_scale, accumulation.grad_log_scale_accumulated / 4, 'scale');
    },
  );
});

/** The head's parameters by the formula of the case. A weight-normed one has its value as direction, and its length. */
function banValues(): HostTensors {
  const values: HostTensors = {};
  for (const [name, { shape, b }] of Object.entries(golden.ban_head.parameters)) {
    const value = byFormula({ shape, fn: 'sin', a: 0.31, b });
    const half = { ...value, data: (value.data as Float32Array).map((entry) => 0.5 * entry) };
    if (name.endsWith('bias')) values[name] = half;
    else Object.assign(values, { [`${name}_v`]: half, [`${name}_g`]: scalar(0) });
  }
  return fillLengths(values);
}

describe.each(backends)("the bilinear attention head as the study's, on %s", (_id, backend) => {
  it('has its attention, joined vectors, fusion, answers and loss', async () => {
    const { ban_head: expected } = golden;
    const values = banValues();
    const inputs: HostTensors = {
      image: byFormula({ shape: [2, 1, 6], fn: 'sin', a: 0.7, b: 0.1 }),
      words: byFormula({ shape: [2, 3, 4], fn: 'cos', a: 0.9, b: 0.4 }),
      targets: whole(expected.targets, 'float32'),
    };
    const specs = (tensors: HostTensors) =>
      Object.fromEntries(Object.entries(tensors).map(([name, { shape, dtype }]) => [name, { shape, dtype }]));
    const session = await backend.load(
      {
        ...{ name: 'ban', state: specs(values), inputs: specs(inputs) },
        run(parameters, given) {
          const [image, words] = [given.image as tf.Tensor3D, given.words as tf.Tensor3D];
          const attention = bilinearAttention(parameters, image, words);
          const joined = [0, 1].map((glimpse) => bilinearJoin(parameters, image, words, attention, glimpse));
          const fused = fuse(parameters, image, words);
          const logits = classifyAnswers(parameters, fused);
          const loss = answerLoss(logits, given.targets as tf.Tensor2D);
          return { outputs: { attention, joined: tf.stack(joined), fused, logits, loss } };
        },
      },
      values,
    );
    const outputs = await session.step(inputs);
    await session.dispose();
    expectClose(outputs.attention, expected.attention, 'attention');
    expectClose(outputs.joined, expected.joined_of_each_glimpse, 'joined');
    expectClose(outputs.fused, expected.fused, 'fused');
    expectClose(outputs.logits, expected.answer_logits, 'logits');
    expectClose(outputs.loss, expected.bce_sum_over_batch_size, 'loss');
  });

  it('names and shapes its parameters as the study does', () => {
    const sizes = { image: 6, words: 4, hidden: 4, glimpses: 2, answers: 5 };
    const shapes = banParameters(sizes).flatMap(({ name, shape }) =>
      name.endsWith('_g') ? [] : [[name.replace(/_v$/, ''), shape] as const],
    );
    const expected = Object.entries(golden.ban_head.parameters).map(([name, { shape }]) => [name, shape] as const);
    expect(Object.fromEntries(shapes)).toEqual(Object.fromEntries(expected));
  });
});

describe('the schedule without warm-up', () => {
  const total = golden.schedule.total_steps_20_epochs;
  const schedule = warmupCosine({ learningRate: 5e-5, warmup: 0, total });

  it.each(Object.entries(golden.schedule.lr))("has the study's learning rate at step %s", (step, expected) => {
    expect(Math.abs(schedule.at(Number(step)) - expected)).toBeLessThan(1e-9 * expected + 1e-20);
  });
});

describe.each(backends)('the learning rate of a step on %s', (_id, backend) => {
  const { lr, total_steps_20_epochs: total } = golden.schedule;

  it("is the study's at its steps, to the rounding of the cosine", async () => {
    const model = linearTowers();
    const { parameters } = model;
    const training = { ...TRAINING, batchSize: 8, steps: total, learningRate: 5e-5, warmup: 0 };
    const step = trainingStep({ name: 'linear', model, method: composed(Clip), settings: {}, parameters, training });
    const start = step.initialState({
      'visual.weight': byFormula({ shape: [3, 4], fn: 'sin', a: 1.3, b: 0.2 }),
      text_weight: byFormula({ shape: [3, 4], fn: 'cos', a: 1.7, b: 0.5 }),
      logit_scale: scalar(Math.log(1 / 0.07)),
    });
    for (const [at, expected] of Object.entries(lr)) {
      const session = await step.load(backend, { ...start, step: scalar(Number(at)) });
      const { learningRate } = await session.step(linearBatch());
      await session.dispose();
      // The cosine is of 32 bits: 1e-5 of the peak, though the last steps are far below it.
      expect(Math.abs(learningRate!.data[0]! - expected), at).toBeLessThan(1e-5 * 5e-5);
    }
  });
});

it('an epoch of the study has its number of steps', () => {
  const { pairs, steps_per_epoch: perEpoch, total_steps_20_epochs: total } = golden.schedule;
  expect(batchesPerEpoch(pairs, 512)).toBe(perEpoch);
  expect(20 * batchesPerEpoch(pairs, 512)).toBe(total);
});

it.each(golden.train_resize.map(({ h, w, to }) => [h, w, to] as const))(
  "an image of %i x %i is resized for training to the study's size",
  (height, width, to) => {
    const image: RasterImage = { width, height, channels: 1, data: new Uint8Array(width * height) };
    const resized = resizeShorterSideRounded(image, 512);
    expect([resized.height, resized.width]).toEqual(to);
  },
);

it.each(Object.entries(golden.patches_kept_of_196))('of 196 patches, dropping %s leaves %i', (ratio, kept) => {
  expect(patchesKept(196, Number(ratio))).toBe(kept);
});

describe("parameters of ViT-B/16 and GPT/77, trained and frozen as by the study's flags", () => {
  const sizes = { embedDim: 512, vocabSize: 49408 };
  const model = dualEncoder(new VitB16().build(sizes), new Gpt77().build(sizes));
  const { frozen_counts: frozenCounts, ...trained } = golden.trainable_parameters_vit_b_16;
  const count = (method: Row, given: Readonly<Record<string, string | number>>) => {
    const frozen = new Set(composed(method).frozen(model, rowSettings(method, given)));
    return {
      trained: countParameters(model.parameters, ({ name }) => !frozen.has(name)),
      frozen: countParameters(model.parameters, ({ name }) => frozen.has(name)),
    };
  };

  it.each([
    ['lock_image', ClipLocked, { tower: 'image' }],
    ['lock_image_unlocked_7', ClipPartial, { tower: 'image', freeze: 0.5 }],
    ['lock_text', ClipLocked, { tower: 'text' }],
    ['lock_text_unlocked_2', ClipPartial, { tower: 'text', freeze: 0.84 }],
    ['lock_text_unlocked_6', ClipPartial, { tower: 'text', freeze: 0.5 }],
  ] as const)('%s', (flag, method, given) => {
    expect(count(method, given)).toEqual({ trained: trained[flag], frozen: frozenCounts[flag] });
  });

  it('without a frozen part', () => expect(count(Clip, {})).toEqual({ trained: trained.clip, frozen: 0 }));

  it('text unlocked 9: three blocks are frozen, each with as many parameters as those between 6 and 2', () => {
    const block = (frozenCounts.lock_text_unlocked_2! - frozenCounts.lock_text_unlocked_6!) / 4;
    const frozen = frozenCounts.lock_text_unlocked_6! - 3 * block;
    expect(count(ClipPartial, { tower: 'text', freeze: 0.25 })).toEqual({ trained: trained.clip! - frozen, frozen });
  });
});
