import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testContext } from '@medbench/core/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Phantoms, Shapes } from './index.js';

let cacheRoot: string;
beforeAll(() => {
  cacheRoot = mkdtempSync(join(tmpdir(), 'medbench-phantom-corpora-'));
});
afterAll(() => rmSync(cacheRoot, { recursive: true }));

it.each([
  ['phantoms', new Phantoms()],
  ['shapes', new Shapes()],
] as const)(
  '%s: opens pairs of images and captions, which are written on first use and marked as generated',
  async (_, corpus) => {
    const { pairs, synthetic, fingerprint } = await corpus.open(testContext({ cacheRoot }));
    expect(synthetic).toBe(true);
    expect(fingerprint).toMatch(/^[0-9a-f]{64}$/);
    expect(pairs.length).toBe(3000);
    const { image, caption } = await pairs.get(2999);
    expect([image.width, image.height]).toEqual([64, 64]);
    expect(caption.split(' ').length).toBeGreaterThan(3);
  },
);
