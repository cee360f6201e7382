import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DataContext } from '@medbench/core';
import { constantModel, testContext } from '@medbench/core/testing';
import { encodeJpeg } from '@medbench/data';
import { sharedData } from '@medbench/data/testing';
import { answerVocabulary } from '@medbench/evaluation';
import { testProtocols } from '@medbench/evaluation/testing';
import { writePhantoms } from '@medbench/phantoms';
import { fittedQuestions } from '@medbench/task-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PathVqa } from './index.js';

/** Shows what the task opens. */
class OpenPathVqa extends PathVqa {
  opened(context: DataContext) {
    return this.open(context);
  }
}

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'medbench-path-vqa-'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('PathVqa', () => {
  it('reads the Parquet copy and keeps each distinct image once', async () => {
    const none = { train: 1, val: 1, test: 1 };
    const counts = {
      phantoms: none,
      shapes: { train: 1 },
      pneumonia: none,
      vqaRad: { images: 1, train: 1, test: 1 },
      pathVqa: { train: 240, validation: 20, test: 60 },
      classes: { train: 12, val: 12, test: 12 },
      corpora: { train: 1, test: 1 },
    };
    await writePhantoms(join(root, 'parquet'), { counts, size: 32 });
    const context = testContext({ dataRoot: join(root, 'parquet'), protocols: testProtocols('vqa') });
    const { synthetic, splits } = await new PathVqa().inspect(context);
    expect(synthetic).toBe(true);
    expect(splits).toMatchObject({ train: { examples: 240 }, val: { examples: 20 }, test: { examples: 60 } });
    // There are five questions per image.
    expect(splits.train!.groups).toBeLessThanOrEqual(80);
    expect(splits.train!.groups).toBeGreaterThanOrEqual(48);
    const { results } = await new PathVqa().evaluate(constantModel(), context);
    const { metrics, n } = results[0]!;
    expect(n).toBe(60);
    expect(metrics.accuracy!.value).toBeGreaterThan(0.1);
  });

  /** Questions as `pickle.dump(…, protocol=0)` writes them. */
  const pickle = (rows: readonly (readonly [string, string, string])[]): string =>
    `(lp0\n${rows
      .map(
        ([image, question, answer], i) =>
          `(dp${3 * i + 1}\nVimage\np${1000 + i}\nV${image}\nsVquestion\nV${question}\nsVanswer\nV${answer}\nsa`,
      )
      .join('')}.`;

  it('reads the original from pickle or JSON files', async () => {
    const dataRoot = join(root, 'original');
    const rows = [
      ['a_0001', 'is there necrosis?', 'Yes'],
      ['a_0001', 'what is shown?', 'liver'],
      ['a_0002', 'is it benign?', 'no '],
    ] as const;
    const image = { width: 2, height: 2, channels: 1, data: Uint8Array.of(1, 2, 3, 4) } as const;
    for (const split of ['train', 'val', 'test']) {
      for (const folder of ['images', 'qas'])
        mkdirSync(join(dataRoot, 'path-vqa/pvqa', folder, split), { recursive: true });
      for (const name of ['a_0001', 'a_0002']) {
        writeFileSync(join(dataRoot, `path-vqa/pvqa/images/${split}/${name}.jpg`), await encodeJpeg(image));
      }
      writeFileSync(join(dataRoot, `path-vqa/pvqa/qas/${split}/${split}_qa.pkl`), pickle(rows));
    }
    const context = testContext({ dataRoot });
    const pairs = (await new PathVqa().pairs(context)).pairs;
    expect(pairs.length).toBe(3);
    expect((await pairs.get(1)).caption).toMatch(/liver/);
    const before = await new PathVqa().inspect(context);
    expect(before.splits.train).toEqual({ examples: 3, groups: 2 });
    const listed = rows.map(([name, question, answer]) => ({ image: name, question, answer }));
    writeFileSync(join(dataRoot, 'path-vqa/pvqa/qas/train/train_qa.json'), JSON.stringify(listed.slice(0, 2)));
    expect((await new PathVqa().inspect(context)).splits.train).toEqual({ examples: 2, groups: 1 });
    writeFileSync(
      join(dataRoot, 'path-vqa/pvqa/qas/train/train_qa.json'),
      '[{"image":"../../x","question":"q","answer":"a"}]',
    );
    await expect(new PathVqa().inspect(context)).rejects.toThrow(/train_qa\.json: row 1 names the image .* not inside/);
  });

  it('counts a repeated row of the original once, and says so', async () => {
    const dataRoot = join(root, 'repeated');
    const row = { image: 'a', question: 'is it?', answer: 'yes' };
    for (const split of ['train', 'val', 'test']) {
      mkdirSync(join(dataRoot, 'path-vqa/pvqa/qas', split), { recursive: true });
      const rows = [row, { ...row, answer: 'no' }, row, { ...row, image: 'b' }];
      writeFileSync(join(dataRoot, `path-vqa/pvqa/qas/${split}/${split}_qa.json`), JSON.stringify(rows));
    }
    const { splits, notes } = await new PathVqa().inspect(testContext({ dataRoot }));
    expect(splits.test).toEqual({ examples: 3, groups: 2 });
    expect(notes).toContain('1 repeated rows of test count once, as in the Hugging Face copy');
  });

  const real = sharedData('path-vqa-questions/pvqa_test.json');
  it.skipIf(!real)('has the published counts and vocabularies, from the real questions', async () => {
    const dataRoot = join(root, 'real');
    interface Asked {
      readonly img_id: string;
      readonly sentf: { readonly pvqa: readonly string[] };
      readonly labelf: { readonly pvqa: readonly Readonly<Record<string, number>>[] };
    }
    for (const split of ['train', 'val', 'test']) {
      const asked = JSON.parse(readFileSync(join(real!, `../pvqa_${split}.json`), 'utf8')) as Asked[];
      const rows = asked.flatMap(({ img_id: image, sentf, labelf }) =>
        sentf.pvqa.map((question, i) => ({ image, question, answer: Object.keys(labelf.pvqa[i]!)[0] })),
      );
      mkdirSync(join(dataRoot, 'path-vqa/pvqa/qas', split), { recursive: true });
      writeFileSync(join(dataRoot, `path-vqa/pvqa/qas/${split}/${split}_qa.json`), JSON.stringify(rows));
    }
    const context = testContext({ dataRoot });
    const { splits } = await new PathVqa().inspect(context);
    expect(splits).toEqual({
      train: { examples: 19_654, groups: 2_599 },
      val: { examples: 6_259, groups: 832 },
      test: { examples: 6_719, groups: 858 },
    });
    // The sizes of the vocabulary: of the training answers, and the number in the study's code.
    const opened = await new OpenPathVqa().opened(context);
    const vocabulary = (fit: string) => {
      const fitted = fittedQuestions(opened, { settings: { fit } });
      return answerVocabulary(fitted.map(({ answer }) => String(answer))).answers.length;
    };
    expect([vocabulary('train'), vocabulary('train+val')]).toEqual([3_182, 3_974]);
  });

  it('names the folders that are missing', async () => {
    await expect(new PathVqa().inspect(testContext({ dataRoot: join(root, 'none') }))).rejects.toThrow(
      /path-vqa\/data\/ is not there \(nor is .*path-vqa\/pvqa\/\)/,
    );
  });
});
