import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { writeFileAtomic } from './files.js';

const folder = mkdtempSync(join(tmpdir(), 'medbench-files-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('writeFileAtomic', () => {
  it('writes complete files and leaves no temporary file', async () => {
    const path = join(folder, 'new', 'deep', 'a.txt');
    await writeFileAtomic(path, 'one');
    await writeFileAtomic(path, new TextEncoder().encode('two'));
    expect(readFileSync(path, 'utf8')).toBe('two');
    expect(readdirSync(join(folder, 'new', 'deep'))).toEqual(['a.txt']);
  });

  it('names a path that cannot be written, and leaves no temporary file', async () => {
    mkdirSync(join(folder, 'taken'));
    await expect(writeFileAtomic(join(folder, 'taken'), 'x')).rejects.toMatchObject({ code: 'store' });
    await expect(writeFileAtomic(join(folder, 'new', 'deep', 'a.txt', 'b'), 'x')).rejects.toThrow(/a\.txt/);
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('keeps the old file if writing the new one fails half way', async () => {
    const file = join(folder, 'kept.txt');
    await writeFileAtomic(file, 'old');
    const half = writeFileAtomic(file, async (handle) => {
      await handle.write(Buffer.from('ne'));
      throw new Error('disk full');
    });
    await expect(half).rejects.toThrow('kept.txt cannot be written: disk full');
    expect(readFileSync(file, 'utf8')).toBe('old');
    expect(readdirSync(folder).filter((name) => name.includes('.tmp'))).toEqual([]);
  });
});
