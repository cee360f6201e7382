import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { hashBytes, hashFile, hashJson, readSealed, seal } from './checksum.js';

const folder = mkdtempSync(join(tmpdir(), 'medbench-checksum-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'sealed.json');

describe('hashJson', () => {
  it('is the SHA-256 of the JSON with sorted keys, as Python makes it', () => {
    // hashlib.sha256(json.dumps(value, separators=(',', ':'), sort_keys=True).encode()).hexdigest()
    const expected = '5f2ac90393716e69c334b806fee49c1caca5f73d7f8476ec7dfa31f13483abb7';
    expect(hashJson({ b: { c: [true, null, 'x'] }, a: 1 })).toBe(expected);
  });
});

describe('hashFile', () => {
  it('is the SHA-256 of the content', async () => {
    const bytes = Buffer.alloc(3 * 2 ** 20 + 5, 'medbench');
    writeFileSync(join(folder, 'large'), bytes);
    const expected = createHash('sha256').update(bytes).digest('hex');
    expect(await hashFile(join(folder, 'large'))).toBe(expected);
    expect(hashBytes(bytes)).toBe(expected);
  });
});

describe('a sealed file', () => {
  const value = {
    key: 'k',
    figures: { accuracy: 0.75 },
    list: [1, undefined],
    none: undefined,
    array: Float32Array.of(0.1),
  };

  it('is read as JSON holds it', () => {
    writeFileSync(file, JSON.stringify(seal(value), null, 1));
    expect(readSealed(file)).toEqual({
      state: 'intact',
      value: { key: 'k', figures: { accuracy: 0.75 }, list: [1, null], array: { 0: Math.fround(0.1) } },
    });
    expect(seal(seal(value))).toEqual(seal(value));
  });

  it('is damaged whichever byte of its values changes', () => {
    const text = JSON.stringify(seal({ key: 'kkk', figures: { accuracy: 0.75, n: 40 } }));
    for (let i = 0; i < text.length; i++) {
      const changed = text.slice(0, i) + (text[i] === '7' ? '8' : '7') + text.slice(i + 1);
      writeFileSync(file, changed);
      // A changed name of the field itself looks like a file of an older version, which is not used either.
      expect(['damaged', 'none'], changed).toContain(readSealed(file).state);
    }
  });

  it.each(['', '{', 'null', '[]', '7', '{"checksum": 1}'])('is damaged if it holds %j', (text) => {
    writeFileSync(file, text);
    expect(readSealed(file)).toEqual({ state: 'damaged' });
  });

  it('is none if it is missing or has no checksum', () => {
    writeFileSync(file, '{"key": "k"}');
    expect(readSealed(file)).toEqual({ state: 'none' });
    expect(readSealed(join(folder, 'missing.json'))).toEqual({ state: 'none' });
  });
});
