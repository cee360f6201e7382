import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomModel, testContext } from '@medbench/core/testing';
import { sharedData } from '@medbench/data/testing';
import { bindProtocols } from '@medbench/evaluation/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readQuestions, VqaRad, VqaRadRetrieval } from './index.js';

const real = sharedData('vqa-rad/trainset.json');
if (!real) console.warn('VQA-RAD is not here: the tests on the real data set are skipped (set MEDBENCH_DATA).');

describe('readQuestions', () => {
  let root: string;
  const row = { qid: 1, image_name: 'a.jpg', answer: 2, answer_type: 'CLOSED ', question: 'how many?' };
  const write = (rows: unknown): void => writeFileSync(join(root, 'vqa-rad/trainset.json'), JSON.stringify(rows));
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'medbench-vqa-'));
    mkdirSync(join(root, 'vqa-rad/images'), { recursive: true });
    writeFileSync(join(root, 'vqa-rad/images/a.jpg'), '');
  });
  afterEach(() => rmSync(root, { recursive: true }));

  it('reads integer answers and trims answer types', async () => {
    write([row]);
    expect(await readQuestions(root, 'train')).toMatchObject([{ qid: 1, answer: '2', type: 'closed' }]);
  });

  it.each([
    ['a missing image, with the row that names it', [{ ...row, image_name: 'gone.jpg' }], /gone\.jpg/],
    ['a missing field', [{ ...row, answer: undefined }], /trainset\.json: row 0 has no "answer"/],
    ['an unknown answer type', [{ ...row, answer_type: 'MAYBE' }], /row 0 has the answer type "MAYBE"/],
    ['something else than a list', { rows: [] }, /must hold a list of questions/],
  ])('names %s', async (_, rows, message) => {
    write(rows);
    await expect(readQuestions(root, 'train')).rejects.toThrow(message);
  });

  it('names the file that is not there', async () => {
    await expect(readQuestions(join(root, 'nowhere'), 'test')).rejects.toThrow(/nowhere.*testset\.json is not there/);
  });
});

describe.skipIf(!real)('the real VQA-RAD', () => {
  const context = testContext({ dataRoot: join(real ?? '', '../..') });

  it('has the published numbers of questions, and types as counted', async () => {
    const train = await readQuestions(context.dataRoot, 'train');
    const test = await readQuestions(context.dataRoot, 'test');
    const closed = (questions: typeof train) => questions.filter(({ type }) => type === 'closed').length;
    expect([train.length, closed(train), test.length, closed(test)]).toEqual([3064, 1823, 451, 272]);
    // "All 203 test images also occur in training": how the data set is made, and why it is said in the README.
    const images = (questions: typeof train) => new Set(questions.map(({ imageFile }) => imageFile));
    expect(images(test).size).toBe(203);
    for (const image of images(test)) expect(images(train).has(image)).toBe(true);
  });

  it('offers 203 images for 451 statements, where a random model is near chance', async () => {
    const retrieval = new VqaRadRetrieval();
    expect(await retrieval.inspect(context)).toMatchObject({ splits: { test: { examples: 451, groups: 203 } } });
    const { results } = await retrieval.evaluate(randomModel(0), {
      ...context,
      protocols: bindProtocols('retrieval'),
    });
    const { metric, metrics } = results[0]!;
    expect(metric).toBe('mean_recall@50');
    // By chance 50 of 203 images hold the one; of 451 statements, two or three are about an image.
    expect(metrics['t2i_recall@50']!.value).toBeCloseTo(50 / 203, 1);
  });

  it('makes pairs of the training questions alone', async () => {
    const { pairs, synthetic } = await new VqaRad().pairs(context);
    expect(pairs.length).toBe(3064);
    expect(synthetic).toBe(false);
    const { image, caption } = await pairs.get(0);
    expect(image.width).toBeGreaterThan(100);
    expect(caption.length).toBeGreaterThan(3);
  });
});
