import type { EvaluationModel, RasterImage, Source } from '@medbench/core';
import { isMedbenchError, random } from '@medbench/core';
import { describe, expect, it } from 'vitest';
import type { LabelledSplits } from '../splits/labelled-images.js';
import type { ClassificationData } from './classification.js';
import { measureLinearProbe } from './linear-probe.js';
import { measureRetrieval } from './retrieval.js';
import type { ProbeSettings } from './settings.js';
import { measureVqa } from './vqa.js';
import { measureZeroShot } from './zero-shot.js';

const D = 8;
const context = { seed: 0 };

/** Images of one pixel. The value of the pixel says what the image shows. */
const makeImages = (values: readonly number[]): Source<RasterImage> => ({
  length: values.length,
  get: async (i) => ({ width: 1, height: 1, channels: 1, data: Uint8Array.of(values[i]!) }),
});

/** A model that embeds each image value and each text by a code vector. */
function makeModel(
  code: (key: string) => ArrayLike<number>,
  textKey: (text: string) => string,
  can: EvaluationModel['can'] = { images: true, texts: true, joint: true },
): EvaluationModel {
  const embed = (keys: readonly string[]) => {
    const data = new Float32Array(keys.length * D);
    keys.forEach((key, i) => {
      const vector = code(key);
      const norm = Math.hypot(...Array.from(vector));
      for (let j = 0; j < D; j++) data[i * D + j] = vector[j]! / norm;
    });
    return { rows: keys.length, cols: D, data };
  };
  const embedImages = async (images: Source<RasterImage>) => {
    const keys: string[] = [];
    for (let i = 0; i < images.length; i++) keys.push(String((await images.get(i)).data[0]));
    return embed(keys);
  };
  return {
    id: 'test-model',
    can,
    logitScale: 100,
    embedImages,
    imageFeatures: embedImages,
    embedTexts: async (texts) => embed(texts.map(textKey)),
  };
}
const hashed = (key: string) => {
  const stream = random(0, key);
  return Float64Array.from({ length: D }, () => stream.normal());
};
const digits = (text: string) => text.replace(/\D/g, '');
const perfect = makeModel(hashed, digits);
const constant = makeModel(() => new Float64Array(D).fill(1), digits);
let draws = 0;
const blind = makeModel(() => hashed(`draw ${draws++}`), digits);

const labelled = (n: number) => {
  const labels = Int32Array.from({ length: n }, (_, i) => (i * 7 + (i >> 2)) % 4);
  return { images: makeImages([...labels]), labels };
};
const data = { train: labelled(120), val: labelled(24), test: labelled(400) };
const spec = { classes: ['0', '1', '2', '3'], prompts: ['image of {}', 'this shows {}'] };

/** Results of both classification protocols, as far as the model and the data allow them. */
async function evaluateClassification(
  model: EvaluationModel,
  splits: LabelledSplits,
  classSpec: Pick<ClassificationData, 'classes' | 'prompts'>,
) {
  const classificationData = { ...splits, ...classSpec };
  const results = [
    await measureZeroShot(model, classificationData, context),
    await measureLinearProbe(model, classificationData, context),
  ];
  return results.filter((result) => result !== undefined);
}

describe('the classification protocols', () => {
  it('give 1 to a perfect encoder', async () => {
    const results = await evaluateClassification(perfect, data, spec);
    expect(results.map(({ protocol }) => protocol)).toEqual(['zero-shot', 'linear-probe']);
    for (const { metric, metrics, n, perExample } of results) {
      expect(metric).toBe('accuracy');
      expect(n).toBe(400);
      for (const name of ['accuracy', 'balanced_accuracy', 'auc', 'f1']) expect(metrics[name]!.value).toBe(1);
      expect(metrics.accuracy!.ci95[0]).toBeLessThan(1);
      expect(perExample).toEqual(new Array(400).fill(1));
    }
  });

  it('give chance level to constant and to random encoders', async () => {
    for (const result of await evaluateClassification(constant, data, spec)) {
      expect(result.metrics.balanced_accuracy!.value).toBe(0.25);
      expect(result.metrics.auc!.value).toBe(0.5);
    }
    for (const result of await evaluateClassification(blind, data, spec)) {
      const [low, high] = result.metrics.auc!.ci95;
      expect(low).toBeLessThan(0.53);
      expect(high).toBeGreaterThan(0.47);
      expect(result.metrics.accuracy!.value).toBeLessThan(0.35);
    }
  });

  it('run if the model and the data allow it, and give the same result again', async () => {
    const imagesOnly = makeModel(hashed, digits, { images: true, texts: false, joint: false });
    const first = await evaluateClassification(imagesOnly, data, spec);
    expect(first.map(({ protocol }) => protocol)).toEqual(['linear-probe']);
    expect(await evaluateClassification(imagesOnly, data, spec)).toEqual(first);
    const { train: _, ...untrained } = data;
    const alone = await evaluateClassification(perfect, untrained, spec);
    expect(alone.map(({ protocol }) => protocol)).toEqual(['zero-shot']);
  });

  it('report the recall of rare classes and the requested primary metric', async () => {
    const labels = Int32Array.from({ length: 100 }, (_, i) => (i < 3 ? 1 : i % 2 === 0 ? 0 : 2));
    const test = { images: makeImages([...labels]), labels };
    const result = await measureZeroShot(perfect, { ...spec, test }, { ...context, metric: 'auc' });
    expect(result!.metric).toBe('auc');
    expect(result!.metrics.recall_1).toMatchObject({ value: 1 });
    expect(result!.metrics.rare_recall).toMatchObject({ value: 1 });
    expect(result!.classification).toMatchObject({ rare: [spec.classes[1]] });
    expect(result!.parts).toEqual([{ metric: 'rare_recall', examples: [0, 1, 2], scores: [1, 1, 1] }]);
    expect(result!.scores).toBeUndefined();
    const balanced = await measureZeroShot(constant, { ...spec, test }, { ...context, metric: 'balanced_accuracy' });
    const mean = balanced!.scores!.reduce((sum, score) => sum + score, 0) / 100;
    expect(mean).toBeCloseTo(balanced!.metrics.balanced_accuracy!.value, 12);
  });

  // Each image value has a noise vector of its own: no probe is perfect, and more examples help.
  const noisy = makeModel((key) => {
    const [base, noise] = [hashed(String(Number(key) % 4)), hashed(key)];
    return base.map((value, j) => value + 1.2 * noise[j]!);
  }, digits);
  const many = (n: number, from: number) => ({
    images: makeImages(Array.from({ length: n }, (_, i) => (from + i * 13) % 256)),
    labels: Int32Array.from({ length: n }, (_, i) => ((from + i * 13) % 256) % 4),
  });
  const hard = { train: many(120, 0), val: many(40, 3), test: many(200, 7) };
  const probed = async (model: EvaluationModel, settings: Partial<ProbeSettings>) =>
    (await measureLinearProbe(model, { ...hard, ...spec }, { ...context, settings }))!;

  it('probe features before the projection, after it, or both', async () => {
    const constantFeatures: EvaluationModel = { ...noisy, imageFeatures: constant.imageFeatures };
    const bothFeatures = await probed(constantFeatures, {});
    expect(bothFeatures.metrics.auc!.value).toBe(0.5);
    expect(bothFeatures.metrics.auc_projected!.value).toBeGreaterThan(0.8);
    expect(bothFeatures.notes!.join()).toContain('after the projection: C = ');
    const after = await probed(constantFeatures, { features: 'after' });
    expect(after.metrics.auc).toEqual(bothFeatures.metrics.auc_projected);
    expect(after.metrics.auc_projected).toBeUndefined();
    expect((await probed(constantFeatures, { features: 'before' })).metrics.auc).toEqual(bothFeatures.metrics.auc);
    const study = await probed(constantFeatures, { solver: 'clip-benchmark' });
    expect(study.metrics.auc!.value).toBeGreaterThan(0.8);
    expect(study.notes![0]).toContain('clip-benchmark');
  });

  it('probe as the study: 40 epochs at batch size 64 on the training split, whose validation images are not read', async () => {
    const unread = {
      ...hard.val,
      images: { ...hard.val.images, get: () => Promise.reject(new Error('val was read')) },
    };
    const reading: EvaluationModel = {
      ...noisy,
      async embedImages(images, as) {
        for (let i = 0; i < images.length; i++) await images.get(i);
        return noisy.embedImages(images, as);
      },
    };
    const study = { solver: 'clip-benchmark', epochs: 40, batchSize: 64, weightDecay: 0, validation: 'none' } as const;
    const measure = (settings: Partial<ProbeSettings>) =>
      measureLinearProbe(reading, { ...hard, val: unread, ...spec }, { ...context, settings });
    const { notes } = (await measure(study))!;
    expect(notes![0]).toBe(
      'probe of clip-benchmark: AdamW, 40 epochs, batch size 64, weight decay 0, 120 training examples',
    );
    await expect(measure({ ...study, validation: 'split' })).rejects.toThrow('val was read');
    expect((await measure({ validation: 'none', features: 'after' }))!.notes!.join()).toContain('no validation split');
  });

  it('probe on a few examples of each class beside the probe on all examples', async () => {
    const { metrics, notes } = await probed(noisy, { shots: [1, 16, 64] });
    const [oneShot, sixteenShot, fullTraining] = ['accuracy_1shot', 'accuracy_16shot', 'accuracy'].map(
      (name) => metrics[name]!.value,
    );
    expect(oneShot).toBeLessThan(sixteenShot!);
    expect(sixteenShot).toBeLessThanOrEqual(fullTraining! + 0.05);
    const { ci95, value } = metrics.balanced_accuracy_1shot!;
    expect(ci95[0]).toBeLessThan(value);
    expect(ci95[1]).toBeGreaterThan(value);
    expect(notes!.join()).toContain('fewer than 64 training examples');
    expect(await probed(noisy, { shots: [1, 16, 64] })).toMatchObject({ metrics });
  });

  it('name the wrong label, the diverged model and the wrong prompt', async () => {
    const bad = { test: { images: makeImages([9]), labels: Int32Array.of(9) } };
    await expect(evaluateClassification(perfect, bad, spec)).rejects.toThrow('label 9 of test image 0');
    const diverged = makeModel(() => new Float64Array(D).fill(Number.NaN), digits);
    await expect(evaluateClassification(diverged, data, spec)).rejects.toSatisfy(isMedbenchError);
    const plain = { ...spec, prompts: ['no placeholder'] };
    await expect(evaluateClassification(perfect, data, plain)).rejects.toThrow('no placeholder');
  });
});

describe('measureRetrieval', () => {
  const n = 60;
  const pairs = {
    images: makeImages(Array.from({ length: n }, (_, i) => i)),
    texts: Array.from({ length: n }, (_, i) => `caption ${i}`),
    imageOfText: Int32Array.from({ length: n }, (_, i) => i),
  };

  it('gives 1 to a perfect encoder and 0 to a constant one', async () => {
    const best = await measureRetrieval(perfect, pairs, context);
    expect(best).toMatchObject({ metric: 'mean_recall@10', n, perExample: new Array(n).fill(1) });
    expect(best!.metrics['mean_recall@1']!.value).toBe(1);
    expect(best!.notes!.join()).toContain('smaller than 200');
    const withPrimaryK = await measureRetrieval(perfect, { ...pairs, primaryK: 50 }, context);
    expect(withPrimaryK!.metric).toBe('mean_recall@50');
    const worst = await measureRetrieval(constant, pairs, context);
    expect(worst!.metrics['mean_recall@50']!.value).toBe(0);
  });

  it('resamples patients if groups are given, and reports the group of each score', async () => {
    // Ten patients of six images each. Either all images of a patient are found or none.
    const groups = Int32Array.from({ length: n }, (_, i) => Math.floor(i / 6));
    const halfBlind = makeModel((key) => hashed(Number(key) < 30 ? key : `text or image ${draws++}`), digits);
    const byImage = await measureRetrieval(halfBlind, { ...pairs, primaryK: 1 }, context);
    const byPatient = await measureRetrieval(halfBlind, { ...pairs, groups, primaryK: 1 }, context);
    expect(byPatient!.groups).toEqual([...groups]);
    expect(byImage!.groups).toBeUndefined();
    const width = ({ metrics }: typeof byPatient & object) => {
      const [low, high] = metrics['i2t_recall@1']!.ci95;
      return high - low;
    };
    expect(width(byPatient!) / width(byImage!)).toBeGreaterThan(1.8);
  });

  it('counts texts that read the same as one, if the settings ask for it', async () => {
    const twice = { ...pairs, texts: pairs.texts.map((_, i) => `caption ${i >> 1}`) };
    const code = (key: string) => hashed(String(Number(key) >> 1));
    const model = { ...makeModel(code, digits), embedTexts: makeModel(hashed, digits).embedTexts };
    const ownOnly = await measureRetrieval(model, twice, context);
    expect(ownOnly!.metrics['mean_recall@1']!.value).toBe(0);
    const same = await measureRetrieval(model, twice, { ...context, settings: { positives: 'same-text' } });
    expect(same!.metrics['mean_recall@1']!.value).toBe(1);
    expect(same!.notes!.join()).toContain('30 remain');
  });

  it('gives chance level to a random encoder, and a primary metric that is the mean of the scores of the images', async () => {
    const result = await measureRetrieval(blind, pairs, context);
    const { value, ci95 } = result!.metrics['mean_recall@10']!;
    expect(ci95[0]).toBeLessThan(10 / n + 0.05);
    expect(ci95[1]).toBeGreaterThan(10 / n - 0.05);
    expect(result!.perExample.reduce((sum, score) => sum + score, 0) / n).toBeCloseTo(value, 12);
  });
});

describe('measureVqa', () => {
  // The answer is the product of the signs of image and question, or a colour that depends on the question alone.
  const example = (i: number) => {
    const [image, question] = [i % 6, Math.floor(i / 6) % 8];
    const open = question === 7;
    const answer = open ? 'Blue' : (image + question) % 2 === 0 ? 'yes' : 'No';
    return { image, question: `Question ${question}?`, answer, type: open ? 'open' : 'closed' } as const;
  };
  const vqa = {
    images: makeImages([0, 1, 2, 3, 4, 5]),
    train: Array.from({ length: 240 }, (_, i) => example(i)),
    test: [...Array.from({ length: 96 }, (_, i) => example(i)), { ...example(42), answer: 'unheard of' }],
  };
  // The first entry holds the parity, so that only the product of image and text determines the answer.
  const parity = makeModel((key) => {
    const vector = hashed(key).map((value) => 0.1 * value);
    vector[0] = Number(key) % 2 === 0 ? 1 : -1;
    if (key === '7') vector[1] = 2;
    return vector;
  }, digits);

  it('learns answers that need image and question, and counts an unknown answer as wrong', async () => {
    const result = await measureVqa(parity, vqa, context);
    expect(result!.n).toBe(97);
    expect(result!.metrics.accuracy!.value).toBeCloseTo(96 / 97, 12);
    expect(result!.metrics.accuracy_closed!.value).toBe(1);
    expect(result!.metrics.accuracy_open!.value).toBeCloseTo(12 / 13, 12);
    expect(result!.notes!.join('; ')).toContain('3 answers cover 96 of 97');
    expect(result!.notes!.join('; ')).toContain('frozen-embedding');
    const { query, examples, answers, hits } = result!.sampled![0]!;
    expect([query, examples.length]).toEqual(['label', 64]);
    expect(hits).toEqual(examples.map((i) => [result!.perExample[i]]));
    // Equal right answers have the same index, and all indices lie in the vocabulary of three.
    examples.forEach((i, e) => {
      const alike = examples.findIndex((j, f) => hits[f]![0] === 1 && vqa.test[j]!.answer === vqa.test[i]!.answer);
      if (hits[e]![0] === 1) expect(answers[e]).toEqual(answers[alike]);
      expect(answers[e]![0]).toBeLessThan(3);
    });
  });

  it('runs on one kind of input, with lower accuracy', async () => {
    const questionOnly = { ...parity, can: { images: false, texts: true, joint: false } };
    const imageOnly = { ...parity, can: { images: true, texts: false, joint: false } };
    const question = await measureVqa(questionOnly, vqa, context);
    expect(question!.metrics.accuracy_open!.value).toBeCloseTo(12 / 13, 12);
    expect(question!.metrics.accuracy_closed!.value).toBeLessThan(0.7);
    const image = await measureVqa(imageOnly, { ...vqa, quote: false }, context);
    // Answers are quoted only if the data allow it.
    expect(question!.notes!.join()).toMatch(/open "blue" \d/);
    expect(image!.notes!.join()).toMatch(/open \d/);
    expect(image!.notes!.join()).not.toContain('"');
    expect(image!.metrics.accuracy_open!.value).toBe(0);
    const neither = { ...parity, can: { images: false, texts: false, joint: false } };
    expect(await measureVqa(neither, vqa, context)).toBeUndefined();
    expect(await measureVqa(questionOnly, vqa, context)).toEqual(question);
  });

  it('refuses a question about an image that does not exist', async () => {
    const bad = { ...vqa, test: [{ ...example(0), image: 6 }] };
    // The message names the question by its index alone, because its text may be under a use agreement.
    await expect(measureVqa(parity, bad, context)).rejects.toThrow(
      /^test question 0 names image 6, but there are only 6 images$/,
    );
  });
});
