import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CorpusInfo, type EncodedPair, type PairSource, type RasterImage, random } from '@medbench/core';
import type { CatalogueEntry } from '@medbench/core/catalogue';
import type { Registry } from '@medbench/core/services';
import { decodeImage, encodeJpeg, encodePng, resize, resizeShorterSideRounded } from '@medbench/data';
import { isGenerated, webDataset } from '@medbench/formats';
import { afterAll, describe, expect, it } from 'vitest';
import { type ShardOptions, shardCorpus } from './shard.js';

const root = mkdtempSync(join(tmpdir(), 'medbench-shards-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** A smooth image with some noise. */
function photograph(i: number, width: number, height: number): RasterImage {
  const stream = random(9, 'image', i);
  const coarse = Uint8Array.from({ length: 5 * 4 * 3 }, () => stream.integer(256));
  return resize({ width: 5, height: 4, channels: 3, data: coarse }, width, height);
}
const SIDES = [
  [90, 70],
  [40, 30],
  [64, 64],
  [33, 80],
  [31, 32],
  [50, 120],
  [20, 20],
] as const;
const images = SIDES.map(([width, height], i) => photograph(i, width, height));
/** JPEGs and, every third, a PNG. */
const files = await Promise.all(
  images.map(async (image, i) => new Uint8Array(await (i % 3 === 2 ? encodePng(image) : encodeJpeg(image, 90)))),
);
const encoded = (index: number): EncodedPair => ({
  bytes: files[index]!.slice(),
  caption: `caption ${index}, µ`,
  name: `image ${index}`,
});
const source = (read: (index: number) => EncodedPair = encoded): PairSource => ({
  length: files.length,
  get: async (i) => ({ image: images[i]!, caption: encoded(i).caption }),
  encoded: async (i) => read(i),
});

let folders = 0;
const newFolder = (): string => join(root, String(folders++));
function shard(
  options: Partial<ShardOptions> = {},
  pairs = source(),
  info: Partial<CorpusInfo> = {},
  synthetic = false,
) {
  const corpus = { open: async () => ({ pairs, synthetic, fingerprint: 'f' }) };
  const registry = { get: async () => corpus } as unknown as Registry;
  const whole = { id: 'own', title: 'Own', domain: 'medical', licence: 'CC BY', access: 'open', source: 'x', ...info };
  const entry = { kind: 'corpus', id: 'own', info: whole } as unknown as CatalogueEntry<'corpus'>;
  const base = { dataRoot: root, cacheRoot: root, settings: {}, out: newFolder(), size: 32, perShard: 3 };
  return shardCorpus(registry, entry, { ...base, ...options });
}
const tars = (folder: string): string[] => readdirSync(folder).filter((name) => name.endsWith('.tar'));

describe('shardCorpus', () => {
  it('writes shards that are read back: captions, small JPEGs as they were, others reduced', async () => {
    const { folder, pairs, shards, found } = await shard();
    expect([pairs, shards, found]).toEqual([7, 3, 0]);
    expect(tars(folder)).toEqual(['00000.tar', '00001.tar', '00002.tar']);
    expect(JSON.parse(readFileSync(join(folder, 'sizes.json'), 'utf8'))).toEqual({
      '00000.tar': 3,
      '00001.tar': 3,
      '00002.tar': 1,
    });
    const read = await webDataset(folder);
    expect(read.length).toBe(7);
    for (const [i, image] of images.entries()) {
      const { bytes, caption } = await read.encoded(i);
      expect(caption).toBe(`caption ${i}, µ`);
      const small = Math.min(image.width, image.height) <= 32;
      if (small && i % 3 !== 2) expect(Buffer.compare(bytes, files[i]!)).toBe(0);
      const original = await decodeImage(files[i]!);
      const expected = small ? original : resizeShorterSideRounded(original, 32);
      const { width, height, data } = await decodeImage(bytes);
      expect([width, height]).toEqual([expected.width, expected.height]);
      const squares = data.reduce((sum, value, k) => sum + (value - expected.data[k]!) ** 2, 0);
      expect(Math.sqrt(squares / data.length)).toBeLessThan(2);
    }
  });

  it('continues after a kill with the same bytes, and writes no complete shard again', async () => {
    const { folder } = await shard();
    const contents = (): string[] => tars(folder).map((name) => readFileSync(join(folder, name), 'base64'));
    const expected = contents();
    const kept = statSync(join(folder, '00000.tar')).mtimeMs;
    rmSync(join(folder, '00001.tar'));
    writeFileSync(join(folder, '00001.tar.99-aa.tmp'), 'half');
    // Until then, nobody takes the folder for the whole corpus.
    await expect(webDataset(folder)).rejects.toThrow(/2 shards holds 4 samples, where .*__len__ says 7/);
    expect(await shard({ out: folder })).toMatchObject({ found: 2, pairs: 7 });
    expect(contents()).toEqual(expected);
    expect(statSync(join(folder, '00000.tar')).mtimeMs).toBe(kept);
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('stops between two shards if it is asked to', async () => {
    const stop = new AbortController();
    const out = newFolder();
    await expect(shard({ out, signal: stop.signal, progress: () => stop.abort() })).rejects.toThrow();
    expect(tars(out)).toEqual(['00000.tar']);
    expect(await shard({ out })).toMatchObject({ found: 1 });
  });

  it('refuses a folder with shards of other settings, or of others', async () => {
    const { folder } = await shard();
    const refused = { code: 'config', hint: expect.stringContaining('--out') };
    await expect(shard({ out: folder, size: 31 })).rejects.toMatchObject(refused);
    rmSync(join(folder, 'shards.json'));
    await expect(shard({ out: folder })).rejects.toMatchObject(refused);
  });

  it('fails at a damaged image, or takes the one that the source puts in its place', async () => {
    const damaged = (index: number): EncodedPair =>
      index === 4 ? { ...encoded(4), bytes: files[4]!.slice(0, 300) } : encoded(index);
    const out = newFolder();
    await expect(shard({ out }, source(damaged))).rejects.toThrow(/^image 4 cannot be decoded/);
    expect(tars(out)).toEqual(['00000.tar']);
    const replaced = (index: number): EncodedPair => ({ ...damaged(index), instead: async () => encoded(index + 1) });
    const { folder } = await shard({}, source(replaced));
    expect((await (await webDataset(folder)).encoded(4)).caption).toBe('caption 5, µ');
  });

  it('carries the terms of the data, keeps restricted data private, and marks generated data', async () => {
    const { folder } = await shard({}, source(), { access: 'credentialed', licence: 'PhysioNet 1.5.0' });
    expect(readFileSync(join(folder, 'TERMS.txt'), 'utf8')).toMatch(/PhysioNet 1\.5\.0[\s\S]*RESTRICTED.*Do not share/);
    if (process.platform !== 'win32') expect(statSync(folder).mode & 0o777).toBe(0o700);
    const open = await shard();
    expect(readFileSync(join(open.folder, 'TERMS.txt'), 'utf8')).not.toContain('RESTRICTED');
    expect(await isGenerated(open.folder)).toBe(false);
    expect(await isGenerated((await shard({}, source(), {}, true)).folder)).toBe(true);
  });
});
