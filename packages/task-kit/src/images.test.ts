import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { imagesBelow, imagesIn } from './index.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'medbench-images-'));
  mkdirSync(join(root, 'set/part_1'), { recursive: true });
  mkdirSync(join(root, 'store/part_2'), { recursive: true });
  for (const path of ['set/part_1/a.png', 'store/part_2/b.JPG', 'store/c.tiff', 'set/part_1/table.csv']) {
    writeFileSync(join(root, path), '');
  }
});
afterEach(() => rmSync(root, { recursive: true }));

describe('the images of a folder', () => {
  it('include those that links lead to, as on clusters', async () => {
    symlinkSync(join(root, 'store/part_2'), join(root, 'set/part_2'));
    symlinkSync(join(root, 'store/c.tiff'), join(root, 'set/c.tiff'));
    const found = await imagesBelow([join(root, 'set')]);
    expect([...found.keys()].sort()).toEqual(['a.png', 'b.JPG', 'c.tiff']);
    expect(await imagesIn(join(root, 'set'))).toEqual([join(root, 'set/c.tiff')]);
  });

  it('are found once if a link leads to a folder above it, and without files that lead nowhere', async () => {
    symlinkSync(join(root, 'set'), join(root, 'set/part_1/again'));
    symlinkSync(join(root, 'gone'), join(root, 'set/gone'));
    expect([...(await imagesBelow([join(root, 'set')])).keys()]).toEqual(['a.png']);
  });

  it('are without hidden files and folders', async () => {
    writeFileSync(join(root, 'set/part_1/._a.png'), '');
    mkdirSync(join(root, 'set/.thumbnails'));
    writeFileSync(join(root, 'set/.thumbnails/t.png'), '');
    expect([...(await imagesBelow([join(root, 'set')])).keys()]).toEqual(['a.png']);
  });

  it('are refused as BMP, with the way out', async () => {
    writeFileSync(join(root, 'store/d.bmp'), '');
    await expect(imagesIn(join(root, 'store'))).rejects.toMatchObject({
      code: 'data',
      message: expect.stringMatching(/store holds 1 images as BMP, which are not read$/),
      hint: expect.stringContaining('PNG'),
    });
  });
});
