import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Progress, RESUME_FILE, readResume, writeResume } from './progress.js';

const folder = mkdtempSync(join(tmpdir(), 'medbench-progress-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, RESUME_FILE);

const PROGRESS: Progress = {
  step: 4,
  seconds: 1.5,
  curve: [{ step: 4, loss: 2.5 }],
  standing: { curve: [], best: null, strikes: 0 },
  ended: false,
  state: {
    weight: { shape: [2, 2], dtype: 'float32', data: Float32Array.of(1, 2, 3, 4) },
    moment: { shape: [3], dtype: 'float32', data: Float32Array.of(0.1, 0.2, 0.3) },
  },
};

beforeEach(() => writeResume(folder, 'k', PROGRESS));

describe('readResume', () => {
  it('returns what was written under the same key, and nothing under another', async () => {
    expect(await readResume(folder, 'k')).toEqual(PROGRESS);
    expect(await readResume(folder, 'other')).toBeUndefined();
  });

  it('takes a state in which any one byte differs as none, and says so', async () => {
    const bytes = readFileSync(file);
    for (let i = 0; i < bytes.length; i++) {
      const flipped = Buffer.from(bytes);
      flipped[i]! ^= 1;
      writeFileSync(file, flipped);
      const damaged = vi.fn();
      expect(await readResume(folder, 'k', damaged), `byte ${i}`).toBeUndefined();
      if (!/"checksum"/.test(flipped.toString('latin1'))) continue;
      expect(damaged, `byte ${i}`).toHaveBeenCalledWith(file);
    }
  });

  it.each([0, 7, 100, -1])('takes a state cut at %i bytes as none, and says so', async (length) => {
    truncateSync(file, length < 0 ? readFileSync(file).length + length : length);
    const damaged = vi.fn();
    expect(await readResume(folder, 'k', damaged)).toBeUndefined();
    expect(damaged).toHaveBeenCalledWith(file);
  });
});
