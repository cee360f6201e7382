import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DataContext, Task } from '@medbench/core';
import { constantModel, randomModel, testContext } from '@medbench/core/testing';
import { encodePng } from '@medbench/data';
import { testProtocols } from '@medbench/evaluation/testing';
import { locate, readCsv } from '@medbench/formats';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  buildGallery,
  CLASSIFICATION,
  type ClassificationSplits,
  findImage,
  findLabel,
  ImageTask,
  imagesBelow,
  labelledImages,
  type RetrievalSplits,
  RetrievalTask,
  readRows,
  type VqaSplits,
  VqaTask,
} from './index.js';

const FILES = [
  { path: 'set/table.csv', what: 'names and classes' },
  { path: 'set/images/', what: 'images' },
] as const;
const INFO = {
  title: 'x',
  version: 1,
  modality: 'mixed',
  licence: 'x',
  access: 'open',
  citation: 'x',
  classes: ['a', 'b'],
  splits: { train: 1, val: 0, test: 1 },
  files: FILES,
  presets: [],
} as const;

@Task({ ...INFO, ...CLASSIFICATION, id: 'skipping', templates: ['{}'], presets: [] })
class Labels extends ImageTask {
  protected override async read(
    [table, folder]: readonly string[],
    context: DataContext,
  ): Promise<ClassificationSplits> {
    const images = await imagesBelow([folder!]);
    const rows = await readCsv(table!);
    const examples = readRows(rows, context, ({ name = '', code = '' }, i) => ({
      file: findImage(images, name, `${table}: row ${i + 1}`),
      label: findLabel(['a', 'b'], code, `${table}: row ${i + 1}`),
    }));
    return { train: labelledImages(examples), test: labelledImages(examples) };
  }
}

const imageFiles = (context: DataContext): string[] =>
  Array.from({ length: 8 }, (_, i) => join(locate(context.dataRoot, FILES[1]), `${i}.png`));

@Task({ ...INFO, id: 'skipping-gallery', kind: 'retrieval', protocols: ['retrieval'], metric: {} })
class Gallery extends RetrievalTask {
  protected override async files(): Promise<readonly string[]> {
    return [];
  }
  protected override async open(context: DataContext): Promise<RetrievalSplits> {
    const files = imageFiles(context);
    return { test: await buildGallery({ length: 8, describe: async (i) => ({ file: files[i]!, caption: `c${i}` }) }) };
  }
}

@Task({ ...INFO, id: 'skipping-vqa', kind: 'vqa', protocols: ['vqa'], metric: {} })
class Questions extends VqaTask {
  protected override async files(): Promise<readonly string[]> {
    return [];
  }
  protected override async open(context: DataContext): Promise<VqaSplits> {
    const { test } = await new Gallery()['open'](context);
    const examples = Array.from({ length: 8 }, (_, image) => ({
      image,
      question: 'q',
      answer: image % 2 ? 'yes' : 'no',
      type: 'closed' as const,
    }));
    return { images: test.images, train: examples, test: examples };
  }
}

let root: string;
const skipped: string[] = [];
const context = (skipBad: boolean, ...protocols: string[]) =>
  testContext({
    dataRoot: root,
    skipBad,
    skip: (message) => skipped.push(message),
    protocols: testProtocols(protocols),
  });
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'medbench-skip-'));
  mkdirSync(join(root, 'set/images'), { recursive: true });
  const image = { width: 2, height: 2, channels: 1, data: Uint8Array.of(1, 2, 3, 4) } as const;
  for (let i = 0; i < 8; i++) {
    writeFileSync(join(root, `set/images/${i}.png`), i === 5 ? 'broken' : await encodePng(image));
  }
  const rows = Array.from({ length: 8 }, (_, i) => `${i}.png,${i % 2 ? 'b' : 'a'}`);
  writeFileSync(join(root, 'set/table.csv'), ['name,code', ...rows, 'gone.png,a', '1.png,z'].join('\n'));
});
beforeEach(() => skipped.splice(0));
afterAll(() => rmSync(root, { recursive: true }));

describe('bad data', () => {
  it('stops a run with one error that names the bad row and the way out', async () => {
    await expect(new Labels().evaluate(constantModel(), context(false, 'zero-shot'))).rejects.toMatchObject({
      message: expect.stringMatching(/row 9 names the image "gone\.png"/),
      hint: expect.stringMatching(/--skip-bad/),
    });
  });

  it('is left out for every model, and is named and counted', async () => {
    // Both models use one task object, as in a run.
    const task = new Labels();
    for (const model of [constantModel(), randomModel(1)]) {
      const { results } = await task.evaluate(model, context(true, 'zero-shot', 'linear-probe'));
      for (const { n, notes } of results) {
        expect(n).toBe(7);
        expect(notes!.join()).toMatch(/left out: 1 of 8 test images/);
      }
    }
    const names = [...new Set(skipped)];
    expect(names).toHaveLength(3);
    expect(names.join()).toMatch(/row 9.*row 10.*5\.png cannot be decoded/);
    // Each split checks its images once, not once per model, so the broken image is reported twice.
    expect(skipped.filter((message) => message.includes('5.png'))).toHaveLength(2);
  });

  it('is left out together with its texts and questions', async () => {
    const { results } = await new Gallery().evaluate(randomModel(0), context(true, 'retrieval'));
    expect(results[0]).toMatchObject({ n: 7 });
    expect(results[0]!.notes!.join()).toMatch(/7 images, 7 texts.*left out: 1 of 8/);
    const vqa = await new Questions().evaluate(randomModel(0), context(true, 'vqa'));
    expect(vqa.results[0]).toMatchObject({ n: 7 });
    expect(vqa.results[0]!.notes!.join()).toMatch(/left out: 1 of 8/);
  });
});
