import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type DataInspection, type InspectedSplit, MedbenchError } from '@medbench/core';
import type { CatalogueEntry } from '@medbench/core/catalogue';
import type { Registry } from '@medbench/core/services';
import { encodePng, imageFiles } from '@medbench/data';
import { deepGreyPng } from '@medbench/data/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { examineData } from './examine.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'medbench-examine-'));
});
afterEach(() => rmSync(root, { recursive: true }));

const grey = (seed: number) =>
  encodePng({
    ...{ width: 8, height: 8, channels: 1 },
    data: Uint8Array.from({ length: 64 }, (_, i) => (i * 37 + seed * 11) % 256),
  });
async function image(name: string, bytes?: Uint8Array): Promise<string> {
  const file = join(root, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, bytes ?? (await grey(Number(/\d+/.exec(name)?.[0] ?? 0))));
  return file;
}

/** Examines a made-up task with the given splits. */
async function examine(
  examples: Readonly<Record<string, InspectedSplit>>,
  { inspect, ...more }: Partial<DataInspection> & { inspect?: (skipBad: boolean) => void } = {},
  settings = {},
) {
  const task = {
    async inspect(context: { skipBad: boolean; skip: (message: string) => void }): Promise<DataInspection> {
      inspect?.(context.skipBad);
      if (inspect) for (const row of [3, 7]) context.skip(`row ${row} has no label`);
      const splits = Object.entries(examples).map(([name, { images }]) => [name, { examples: images.length }] as const);
      return { synthetic: false, splits: Object.fromEntries(splits), notes: [], examples, ...more };
    },
  };
  const info = { id: 'made-up', title: 'Made up', splits: {}, files: [], settings };
  return examineData(
    { get: async () => task } as unknown as Registry,
    { kind: 'task', info } as unknown as CatalogueEntry<'task'>,
    { dataRoot: root, cacheRoot: root, settings: {} },
  );
}

describe('examineData', () => {
  it('finds nothing wrong with images that are there', async () => {
    const files = await Promise.all([1, 2, 3].map((i) => image(`${i}.png`)));
    const { verdict, problems, notes } = await examine({ train: { images: imageFiles(files), texts: ['a', 'b'] } });
    expect({ verdict, problems }).toEqual({ verdict: 'ok', problems: [] });
    expect(notes).toContain('3 of 3 images are there; 3 were opened');
  });

  it.each([
    ['there under another ending', 'images/5.jpg', /There is .*5\.jpg: the table and the images have other endings/],
    ['in a folder below', 'images/part/5.png', /It is at .*part.5\.png: move the images/],
    ['not there at all', 'images/PMC5_F1.jpg', /holds other names, such as (PMC5_F1\.jpg|6\.png)/],
  ])('counts missing images, and says that one is %s', async (_, there, remedy) => {
    await image(there);
    const files = [await image('images/6.png'), join(root, 'images/5.png'), join(root, 'images/7.png')];
    const { verdict, problems, notes } = await examine({ test: { images: imageFiles(files) } });
    expect(verdict).toBe('differs');
    expect(problems).toEqual([
      {
        ...{ severity: 'error', check: 'files', count: 2, example: files[1] },
        message: 'test: 2 of 3 images are not there',
        remedy: expect.stringMatching(remedy),
      },
    ]);
    expect(notes).toContain('1 of 3 images are there; 1 were opened');
  });

  it('finds no folder without a fault of its own', async () => {
    const { problems } = await examine({ test: { images: imageFiles([join(root, 'none/deep/1.png')]) } });
    expect(problems).toMatchObject([{ count: 1, remedy: expect.stringMatching(/holds no files/) }]);
  });

  it('finds empty files, files that are no image, and images of one colour', async () => {
    const flat = await encodePng({ width: 4, height: 4, channels: 1, data: new Uint8Array(16).fill(200) });
    const files = [
      await image('1.png'),
      await image('2.png', new Uint8Array(0)),
      await image('3.png', Buffer.from('<html>')),
      await image('4.png', flat),
    ];
    const { problems } = await examine({ train: { images: imageFiles(files) } });
    expect(problems).toMatchObject([
      { severity: 'error', check: 'files', message: 'train: 1 images are empty files', example: files[1] },
      { severity: 'error', check: 'decoding', count: 2, example: expect.stringContaining('2.png cannot be decoded') },
      { severity: 'warning', check: 'levels', count: 1, example: files[3] },
    ]);
  });

  it('finds deep images that use a small part of their range, and names the window', async () => {
    const deep = (name: string, factor: number): Promise<string> =>
      image(
        name,
        deepGreyPng(
          8,
          8,
          Uint16Array.from({ length: 64 }, (_, i) => i * factor),
        ),
      );
    const dark = await deep('12-bit.png', 65);
    const full = await deep('full.png', 1040);
    const window = { window: { default: 'full', description: 'x' } };
    const { verdict, problems } = await examine({ test: { images: imageFiles([dark]) } }, {}, window);
    expect(verdict).toBe('ok');
    expect(problems).toMatchObject([
      {
        severity: 'warning',
        message: expect.stringMatching(/^test: .*levels up to 4095 of 65535 .*taskSettings\.made-up\.window=0-4095/),
        example: dark,
      },
    ]);
    expect((await examine({ test: { images: imageFiles([full]) } }, {}, window)).problems).toEqual([]);
    expect((await examine({ test: { images: imageFiles([dark]) } })).problems[0]!.message).toMatch(/to 8 bits/);
  });

  it('finds images that two splits share, in files and without', async () => {
    const train = await Promise.all([1, 2, 3].map((i) => image(`train/${i}.png`)));
    const test = [await image('test/4.png'), await image('test/5.png', readFileSync(train[2]!))];
    const expected = {
      ...{ severity: 'warning', check: 'repeats', count: 1 },
      message: '1 of 2 test images are train images too, byte for byte',
      example: 'test image 1 is train image 2 (counted from 0)',
    };
    const inFiles = await examine({ train: { images: imageFiles(train) }, test: { images: imageFiles(test) } });
    expect(inFiles.verdict).toBe('ok');
    expect(inFiles.problems).toMatchObject([expected]);
    const { file: _, ...inArray } = imageFiles(test);
    const mixed = await examine({ train: { images: imageFiles(train) }, test: { images: inArray } });
    expect(mixed.problems).toMatchObject([
      { ...expected, message: expected.message.replace('byte for byte', 'pixel for pixel') },
    ]);
  });

  it('finds texts that are empty or nan', async () => {
    const images = imageFiles([await image('1.png')]);
    const { problems } = await examine({ train: { images, texts: ['fine', ' ', 'nan', 'None'] } });
    expect(problems).toMatchObject([
      { severity: 'error', check: 'texts', count: 3, example: 'train text 1 (counted from 0)' },
    ]);
  });

  it('counts all rows that cannot be used, and looks at the others', async () => {
    const missing = join(root, 'gone.png');
    const inspect = (skipBad: boolean): void => {
      if (!skipBad) throw new MedbenchError('data', 'row 3 has no label', { hint: 'Correct it.' });
    };
    const { verdict, error, problems } = await examine({ train: { images: imageFiles([missing]) } }, { inspect });
    expect(existsSync(missing)).toBe(false);
    expect({ verdict, error }).toEqual({ verdict: 'broken', error: 'row 3 has no label. Correct it.' });
    expect(problems).toMatchObject([
      { severity: 'error', check: 'rows', count: 2, example: 'row 3 has no label' },
      { severity: 'error', check: 'files', count: 1 },
    ]);
  });

  it('adds differences that the counts do not show', async () => {
    const { verdict, differences } = await examine({}, { differences: ['test: 3 images, published 4000'] });
    expect({ verdict, differences }).toEqual({ verdict: 'differs', differences: ['test: 3 images, published 4000'] });
  });
});
