import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readBytes } from './files.js';
import { SHORT_READ, shortCall } from './short-calls.js';

describe('a short call', () => {
  /** Makes calls that take a time in milliseconds. @returns where each was made. */
  async function make(count: number, ms: number): Promise<string[]> {
    const made: string[] = [];
    let time = 0;
    for (let i = 0; i < count; i++) {
      const call = shortCall(
        () => {
          time += ms;
          return 'in place';
        },
        async () => 'pooled',
        () => time,
      );
      made.push(await call);
    }
    return made;
  }

  it('is made in place, and after a slow one 256 times through the pool', async () => {
    // Another test in this process may have met a slow call.
    await make(256, 1);
    expect(new Set(await make(1000, 1))).toEqual(new Set(['in place']));
    expect(await make(1, 5)).toEqual(['in place']);
    const after = await make(300, 1);
    expect(after.slice(0, 256)).toEqual(Array(256).fill('pooled'));
    expect(after.slice(256)).toEqual(Array(44).fill('in place'));
  });

  it('throws as it is, and may be slow then too', async () => {
    await make(256, 1);
    let time = 0;
    const fails = (): never => {
      time += 5;
      throw new Error('EIO');
    };
    const pooled = async (): Promise<string> => 'pooled';
    await expect(shortCall(fails, pooled, () => time)).rejects.toThrow('EIO');
    expect(new Set(await make(256, 1))).toEqual(new Set(['pooled']));
    expect(await make(1, 1)).toEqual(['in place']);
  });

  it('lets other work have its turn while thousands are made', async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    const began = performance.now();
    while (performance.now() - began < 100) await make(100, 0);
    clearInterval(timer);
    expect(turns).toBeGreaterThan(5);
  });
});

describe('reading a whole file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'medbench-files-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each([0, 1, SHORT_READ - 1, SHORT_READ, SHORT_READ + 1])('of %s bytes returns them', async (size) => {
    const file = join(folder, String(size));
    const bytes = Uint8Array.from({ length: size }, (_, i) => i * 31);
    writeFileSync(file, bytes);
    const read = await readBytes(file);
    expect(read.length).toBe(size);
    expect(Buffer.compare(read, bytes)).toBe(0);
  });

  it.skipIf(!existsSync('/proc/version'))('returns what a file without a size holds', async () => {
    expect(Buffer.from(await readBytes('/proc/version')).toString()).toBe(readFileSync('/proc/version', 'utf8'));
  });

  it('refuses what is no file, by name', async () => {
    const missing = join(folder, 'missing');
    await expect(readBytes(missing)).rejects.toMatchObject({ code: 'data', message: `${missing} is not there` });
    const inside = join(folder, 'folder');
    mkdirSync(inside);
    await expect(readBytes(inside)).rejects.toMatchObject({ message: `${inside} is a folder, not a file` });
  });

  it.skipIf(process.platform === 'win32')('refuses a pipe, and does not wait for a writer', async () => {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    await expect(readBytes(pipe)).rejects.toMatchObject({ message: `${pipe} is a pipe or device, not a file` });
  });
});
