import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { fingerprintFiles } from './fingerprint.js';
import { isGenerated, markGenerated } from './generated.js';
import { requireFile, requireFolder } from './require.js';

const folder = mkdtempSync(join(tmpdir(), 'medbench-files-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('files', () => {
  it('requires files and folders, with the hint', async () => {
    const file = join(folder, 'f');
    writeFileSync(file, '');
    await requireFile(file, 'hint');
    await requireFolder(folder, 'hint');
    await expect(requireFile(join(folder, 'none'), 'fetch it')).rejects.toMatchObject({
      code: 'data',
      hint: 'fetch it',
    });
    await expect(requireFile(folder, 'x')).rejects.toThrow(/is a folder, expected a file/);
    await expect(requireFolder(file, 'x')).rejects.toThrow(/is a file, expected a folder/);
    await expect(requireFolder(join(file, 'below'), 'x')).rejects.toThrow(/is not there/);
  });

  it('marks generated data', async () => {
    const data = join(folder, 'generated');
    expect(await isGenerated(data)).toBe(false);
    await markGenerated(data, 'Made by a test.');
    expect(await isGenerated(data)).toBe(true);
  });
});

describe('fingerprintFiles', () => {
  const write = (place: string, files: Readonly<Record<string, string>>): string[] =>
    Object.entries(files).map(([name, content]) => {
      const path = join(folder, place, name);
      mkdirSync(join(path, '..'), { recursive: true });
      writeFileSync(path, content);
      return path;
    });

  it('depends on names and contents, not on place or order', async () => {
    const files = { 'a/one.csv': '1', 'two.csv': '22' };
    const base = await fingerprintFiles(write('p', files));
    expect(base).toMatch(/^[0-9a-f]{64}$/);
    expect(await fingerprintFiles(write('elsewhere/q', files).reverse())).toBe(base);
    expect(await fingerprintFiles([join(folder, 'p')])).toBe(base);
    expect(await fingerprintFiles(write('r', { ...files, 'two.csv': '23' }))).not.toBe(base);
    expect(await fingerprintFiles(write('s', { 'a/one.csv': '1', 'three.csv': '22' }))).not.toBe(base);
    expect(await fingerprintFiles(write('t', { 'a/one.csv': '12', 'two.csv': '2' }))).not.toBe(base);
  });

  it('is the documented hash', async () => {
    const { createHash } = await import('node:crypto');
    const expected = createHash('sha256').update('["two.csv",2]\n22').digest('hex');
    expect(await fingerprintFiles(write('u', { 'two.csv': '22' }))).toBe(expected);
  });

  it('takes names and sizes alone of what is listed, and the whole of the rest', async () => {
    const of = (place: string, files: Readonly<Record<string, string>>) => {
      write(place, files);
      return fingerprintFiles([join(folder, place, 'table.csv')], { listed: [join(folder, place, 'images')] });
    };
    const files = { 'table.csv': 'a', 'images/1.png': '11', 'images/deep/2.png': '22' };
    const base = await of('l1', files);
    expect(await of('l2', { ...files, 'images/1.png': '1x' })).toBe(base);
    expect(await of('l3', { ...files, 'images/1.png': '111' })).not.toBe(base);
    expect(await of('l4', { ...files, 'images/3.png': '' })).not.toBe(base);
    expect(await of('l5', { ...files, 'table.csv': 'b' })).not.toBe(base);
  });

  it('takes both ends of a large file', async () => {
    const path = join(folder, 'large.bin');
    const bytes = Buffer.alloc(64 * 2 ** 20 + 1);
    const after = async (position: number): Promise<string> => {
      bytes.fill(0).writeUInt8(1, position);
      writeFileSync(path, bytes);
      return fingerprintFiles([path]);
    };
    const [first, last, middle, otherMiddle] = [
      await after(0),
      await after(bytes.length - 1),
      await after(bytes.length >> 1),
      await after((bytes.length >> 1) + 1),
    ];
    expect(new Set([first, last, middle]).size).toBe(3);
    expect(otherMiddle).toBe(middle);
  });

  it('names a file that is missing', async () => {
    await expect(fingerprintFiles([join(folder, 'none.csv')])).rejects.toThrow(/none\.csv is not there/);
  });
});
