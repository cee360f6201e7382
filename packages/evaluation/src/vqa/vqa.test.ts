import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { answerVocabulary, normaliseAnswer } from './answers.js';
import { fitVqaHead, type VqaHeadOptions } from './head.js';
import { cleanQuestion } from './questions.js';

describe('normaliseAnswer', () => {
  it.each([
    ['Yes', 'yes'],
    ['  The left lung.', 'left lung'],
    [2, '2'],
    ['Two', '2'],
    ['none', '0'],
    ['1,000', '1000'],
    ['left-sided', 'left sided'],
    ['mass, left lobe', 'mass left lobe'],
    ['3.4 cm', '3.4 cm'],
    ['X-ray', 'xray'],
    ['chest x ray', 'chest xray'],
    ['isnt visible', "isn't visible"],
  ])('%s becomes %s', (answer, expected) => {
    expect(normaliseAnswer(answer)).toBe(expected);
  });
});

describe('cleanQuestion', () => {
  it.each([
    ['Is there a mass? -yes/no', 'is there a mass'],
    ['Where is it? -open', 'where is it'],
    ['Where is it? - open', 'where is it'],
    ["What is the patient's X ray, in short...", "what is the patient 's x-ray in short"],
  ])('cleans %s', (question, expected) => {
    expect(cleanQuestion(question)).toBe(expected);
  });
});

const root = process.env.MEDBENCH_DATA ?? fileURLToPath(new URL('../../../../../shared/data', import.meta.url));
const folder = join(root, 'vqa-rad');

describe.skipIf(!existsSync(folder))(
  'answerVocabulary on the real VQA-RAD files (skipped without them; MEDBENCH_DATA names the folder)',
  () => {
    interface Row {
      answer: string | number;
      answer_type: string;
    }
    const read = (name: string) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Row[];

    it('has 458 answers and the known ceilings', () => {
      const vocabulary = answerVocabulary(read('trainset.json').map(({ answer }) => answer));
      expect(vocabulary.answers).toHaveLength(458);
      expect(vocabulary.counts.reduce((sum, count) => sum + count, 0)).toBe(3064);
      const test = read('testset.json');
      const covered = (type?: string) =>
        test
          .filter((row) => type === undefined || row.answer_type.trim() === type)
          .map((row) => vocabulary.indexOf(row.answer) >= 0);
      for (const [type, matched, total] of [
        [undefined, 408, 451],
        ['OPEN', 142, 179],
        ['CLOSED', 266, 272],
      ] as const) {
        expect(covered(type)).toHaveLength(total);
        expect(covered(type).filter(Boolean)).toHaveLength(matched);
      }
    });
  },
);

describe('fitVqaHead', () => {
  it('gives the most common answer if all features are alike, whatever the seed', () => {
    const answers = Int32Array.from({ length: 101 }, (_, i) => (i < 2 ? 3 : i % 2));
    const constant = { rows: 101, cols: 2, data: new Float32Array(202).fill(0.5) };
    for (const seed of [0, 1]) {
      const head = fitVqaHead(constant, answers, 4, { seed });
      expect([...head.predict({ rows: 3, cols: 2, data: new Float32Array(6) })]).toEqual([0, 0, 0]);
      expect(head.note).toBe('the most common answer');
    }
  });

  it('trains for 40 epochs or those asked for, but for minSteps at least', () => {
    const answers = Int32Array.from({ length: 200 }, (_, i) => i % 2);
    const features = { rows: 200, cols: 1, data: Float32Array.from(answers) };
    const steps = (options: VqaHeadOptions) => fitVqaHead(features, answers, 2, { seed: 0, ...options }).note;
    expect([{ minSteps: 1 }, { minSteps: 1, epochs: 3 }, { minSteps: 200 }, {}].map(steps)).toEqual(
      [160, 12, 200, 1000].map((count) => `perceptron, ${count} steps`),
    );
  });
});
