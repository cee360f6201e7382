import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ensureFolder, ensurePrivateFolder, writeFileAtomic } from './files.js';

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

describe('ensureFolder', () => {
  it('makes all folders of a path, and takes those that are there', async () => {
    const path = join(folder, 'a', 'b', 'c');
    await ensureFolder(path);
    await ensureFolder(path);
    expect(statSync(path).isDirectory()).toBe(true);
  });

  it.runIf(process.platform === 'linux')(
    'returns where the system refuses a folder as missing, with the remedy',
    async () => {
      await expect(ensureFolder('/proc/self/none/below', 'Set X')).rejects.toMatchObject({
        code: 'store',
        message: expect.stringContaining('/proc/self/none/below cannot be written'),
        hint: expect.stringMatching(/^Set X/),
      });
    },
  );

  it('refuses a path through a file', async () => {
    writeFileSync(join(folder, 'plain'), '');
    await expect(ensureFolder(join(folder, 'plain', 'below'))).rejects.toMatchObject({ code: 'store' });
  });
});

describe.skipIf(process.platform === 'win32')('ensurePrivateFolder', () => {
  it('makes a folder that only its owner may read', async () => {
    await ensurePrivateFolder(join(folder, 'private'));
    expect(statSync(join(folder, 'private')).mode & 0o777).toBe(0o700);
  });
});
