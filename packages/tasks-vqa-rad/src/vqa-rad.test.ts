import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomModel, testContext } from '@medbench/core/testing';
import { sharedData } from '@medbench/data/testing';
import { testProtocols } from '@medbench/evaluation/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readQuestions, VqaRad, VqaRadRetrieval } from './index.js';

const real = sharedData('vqa-rad/trainset.json');
if (!real) console.warn('VQA-RAD was not found: tests on the real data set are skipped (set MEDBENCH_DATA).');

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
    expect(await readQuestions(testContext({ dataRoot: root }), 'train')).toEqual({
      questions: [
        { qid: 1, imageFile: join(root, 'vqa-rad/images/a.jpg'), question: 'how many?', answer: '2', type: 'closed' },
      ],
      notes: [],
    });
  });

  it.each([
    ['a missing image, with the row that names it', [{ ...row, image_name: 'gone.jpg' }], /gone\.jpg/],
    ['a missing field', [{ ...row, answer: undefined }], /trainset\.json: row 0 has no "answer"/],
    ['an unknown answer type', [{ ...row, answer_type: 'MAYBE' }], /row 0 has the answer type "MAYBE"/],
    ['a value that is not a list', { rows: [] }, /must hold a list of questions/],
  ])('names %s', async (_, rows, message) => {
    write(rows);
    await expect(readQuestions(testContext({ dataRoot: root }), 'train')).rejects.toThrow(message);
  });

  it('reads the images in the folder of osf.io, and says that its questions are not those of this task', async () => {
    rmSync(join(root, 'vqa-rad/images'), { recursive: true });
    mkdirSync(join(root, 'vqa-rad/VQA_RAD Image Folder'));
    writeFileSync(join(root, 'vqa-rad/VQA_RAD Image Folder/a.jpg'), '');
    writeFileSync(join(root, 'vqa-rad/VQA_RAD Dataset Public.json'), '[]');
    await expect(readQuestions(testContext({ dataRoot: root }), 'train')).rejects.toMatchObject({
      message: expect.stringMatching(/trainset\.json is not there/),
      hint: expect.stringMatching(/^VQA_RAD Dataset Public\.json has 2,248 questions.*MICCAI19-MedVQA/),
    });
    write([row]);
    const { questions } = await readQuestions(testContext({ dataRoot: root }), 'train');
    expect(questions[0]!.imageFile).toBe(join(root, 'vqa-rad/VQA_RAD Image Folder/a.jpg'));
  });

  it('leaves out questions without an answer or an image if bad rows are skipped, and says how many', async () => {
    const rows = [
      row,
      { ...row, qid: 2, answer: null },
      { ...row, qid: 3, image_name: 'gone.jpg' },
      { ...row, qid: 4 },
    ];
    write(rows);
    writeFileSync(join(root, 'vqa-rad/testset.json'), JSON.stringify([row, { ...row, answer: undefined }]));
    const skipped: string[] = [];
    const context = testContext({ dataRoot: root, skipBad: true, skip: (message) => skipped.push(message) });
    const { questions, notes } = await readQuestions(context, 'train');
    expect(questions.map(({ qid }) => qid)).toEqual([1, 4]);
    expect(notes).toEqual(['left out: 2 of 4 training questions, which cannot be used']);
    expect(skipped.join()).toMatch(/trainset\.json: row 1 has no "answer".*gone\.jpg is not there; row 2 of/);
    expect((await new VqaRad().inspect(context)).splits).toMatchObject({
      train: { examples: 2 },
      test: { examples: 1 },
    });
    expect((await new VqaRadRetrieval().inspect(context)).splits).toMatchObject({ test: { examples: 1 } });
  });

  it('names a missing file', async () => {
    await expect(readQuestions(testContext({ dataRoot: join(root, 'nowhere') }), 'test')).rejects.toThrow(
      /nowhere.*testset\.json is not there/,
    );
  });
});

describe.skipIf(!real)('the real VQA-RAD', () => {
  const context = testContext({ dataRoot: join(real ?? '', '../..') });

  it('has the published numbers of questions, 1,823 and 272 of them closed', async () => {
    const { questions: train } = await readQuestions(context, 'train');
    const { questions: test } = await readQuestions(context, 'test');
    const closed = (questions: typeof train) => questions.filter(({ type }) => type === 'closed').length;
    expect([train.length, closed(train), test.length, closed(test)]).toEqual([3064, 1823, 451, 272]);
    // All 203 test images also occur in training, as the README says.
    const images = (questions: typeof train) => new Set(questions.map(({ imageFile }) => imageFile));
    expect(images(test).size).toBe(203);
    for (const image of images(test)) expect(images(train).has(image)).toBe(true);
  });

  it('has 203 images for 451 statements, on which a random model is near chance', async () => {
    const retrieval = new VqaRadRetrieval();
    expect(await retrieval.inspect(context)).toMatchObject({ splits: { test: { examples: 451, groups: 203 } } });
    const { results } = await retrieval.evaluate(randomModel(0), {
      ...context,
      protocols: testProtocols('retrieval'),
    });
    const { metric, metrics } = results[0]!;
    expect(metric).toBe('mean_recall@50');
    // By chance the right image is among 50 of the 203. Two or three of the 451 statements are about each image.
    expect(metrics['t2i_recall@50']!.value).toBeCloseTo(50 / 203, 1);
  });

  it('makes pairs from the training questions alone', async () => {
    const { pairs, synthetic } = await new VqaRad().pairs(context);
    expect(pairs.length).toBe(3064);
    expect(synthetic).toBe(false);
    const { image, caption } = await pairs.get(0);
    expect(image.width).toBeGreaterThan(100);
    expect(caption.length).toBeGreaterThan(3);
  });
});
