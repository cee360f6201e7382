import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  drawnInput,
  type HostTensors,
  type ImageTextPair,
  MedbenchError,
  type MethodInput,
  type PairSource,
  random,
} from '@medbench/core';
import {
  batchOrder,
  clipTokenizer,
  encodeJpeg,
  normaliser,
  prefetch,
  randomCrop,
  resizeShorterSideRounded,
} from '@medbench/data';
import { augmentedView } from '@medbench/data/inputs';
import { tarEnd, tarMember, webDataset } from '@medbench/formats';
import { keptPatches, shuffledPatches } from '@medbench/nn/inputs';
import { afterAll, describe, expect, it } from 'vitest';
import { batchLoader, type LoaderOptions } from './loader.js';

const folder = mkdtempSync(join(tmpdir(), 'medbench-workers-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Writes shards of images of several sizes, larger and smaller than the cached size, some of them grey. */
async function writeShards(name: string, broken: readonly number[] = []): Promise<string> {
  const members: Uint8Array[] = [];
  for (let i = 0; i < 26; i++) {
    const stream = random(i, 'image');
    const [width, height, channels] = [20 + (i % 5) * 30, 26 + (i % 3) * 20, i % 4 === 0 ? 1 : 3] as const;
    const data = Uint8Array.from({ length: width * height * channels }, () => stream.integer(256));
    const jpeg = await encodeJpeg({ width, height, channels, data });
    members.push(tarMember(`${i}.jpg`, broken.includes(i) ? jpeg.slice(0, jpeg.length >> 1) : jpeg));
    members.push(tarMember(`${i}.txt`, Buffer.from(`case ${i}`)));
    if (i === 12) writeFileSync(join(folder, `${name}-0.tar`), Buffer.concat([...members.splice(0), tarEnd()]));
  }
  writeFileSync(join(folder, `${name}-1.tar`), Buffer.concat([...members, tarEnd()]));
  return join(folder, `${name}-{0..1}.tar`);
}

/** An input without a recipe: a worker cannot draw it, since functions cannot be sent to it. */
const withoutRecipe: MethodInput = {
  shape: [2],
  dtype: 'float32',
  draw: ({ image, caption }, stream) => Float32Array.of(image.data[0]! + caption.length, stream.uniform()),
};
const options = {
  tokenizer: clipTokenizer({ merges: 100 }),
  imageSize: 24,
  contextLength: 8,
  batchSize: 6,
  cropScale: [0.5, 1] as const,
  seed: 5,
  inputs: {
    view: augmentedView(24, { flip: true }),
    kept: keptPatches(9, 4),
    own: withoutRecipe,
    order: shuffledPatches(9),
  },
};
const spec = await writeShards('good');

/** Inputs of a plain JavaScript module, as a package by another author would publish it. */
const foreignInputs = (await import(new URL('../../fixtures/inputs.mjs', import.meta.url).href)) as {
  tinted(size: number, options: { readonly tint: number }): MethodInput;
  thread(): MethodInput;
  lost(): MethodInput;
  longer(): MethodInput;
};

/** The batch of step 0 with these inputs, and the logged lines. */
async function batchWith(inputs: Readonly<Record<string, MethodInput>>, workers: number) {
  const lines: string[] = [];
  const log = (line: string): void => void lines.push(line);
  const load = batchLoader({ ...options, pairs: await webDataset(spec), inputs, workers, log });
  try {
    const [first] = [await load(0), await load(1)];
    return { batch: first, lines };
  } finally {
    await load.close();
  }
}

/** Batches of the steps `from` to `to`, prefetched as in training. */
async function batches(
  pairs: PairSource,
  workers: number,
  from = 0,
  to = 9,
  further: Partial<LoaderOptions> = {},
): Promise<HostTensors[]> {
  const load = batchLoader({ ...options, pairs, workers, ...further });
  const collected: HostTensors[] = [];
  try {
    for await (const batch of prefetch(load, from, to, load.ahead)) collected.push(batch);
  } finally {
    await load.close();
  }
  return collected;
}

describe('workers', () => {
  it('make the same bytes whatever their number, also after a resume in the middle of an epoch', async () => {
    const expected = await batches(await webDataset(spec), 0);
    expect(Object.keys(expected[0]!)).toEqual([
      'input/view',
      'input/kept',
      'input/own',
      'input/order',
      'images',
      'ids',
    ]);
    for (const workers of [1, 2, 4]) {
      // A new source each time, so that no image comes from the cache.
      expect(await batches(await webDataset(spec), workers)).toEqual(expected);
    }
    // An epoch has four steps: 2 and 6 lie within one.
    const pairs = await webDataset(spec);
    for (const from of [2, 6]) expect(await batches(pairs, 2, from)).toEqual(expected.slice(from));
    // By now the images come from the cache.
    expect(await batches(pairs, 4)).toEqual(expected);
  });

  it.each([0, 2])('make bytes that stand for the same floats, also in recycled memory: %i workers', async (workers) => {
    const pairs = await webDataset(spec);
    const expected = await batches(pairs, 0);
    const load = batchLoader({ ...options, pairs, workers, bytes: true });
    let step = 0;
    for await (const batch of prefetch(load, 0, 9, load.ahead)) {
      const { images, ...others } = batch;
      const { images: floats, ...sameOthers } = expected[step++]!;
      expect(images).toMatchObject({ shape: floats!.shape, dtype: 'float32' });
      expect(images!.data).toBeInstanceOf(Uint8Array);
      const values = Float32Array.from(images!.data, (byte, i) => images!.levels![256 * (i % 3) + byte]!);
      expect(values).toEqual(floats!.data);
      expect(others).toEqual(sameOthers);
      load.recycle(batch);
    }
    expect(step).toBe(9);
    await load.close();
  });

  it.each([0, 2])('make the same bytes in recycled memory: %i workers', async (workers) => {
    const pairs = await webDataset(spec);
    const expected = await batches(pairs, 0);
    const load = batchLoader({ ...options, pairs, workers });
    const collected: Float32Array[] = [];
    for await (const batch of prefetch(load, 0, 9, load.ahead)) {
      collected.push(Float32Array.from(batch.images!.data));
      load.recycle(batch);
    }
    await load.close();
    expect(collected).toEqual(expected.map(({ images }) => images!.data));
  });

  it('accept a source that has decoded images only', async () => {
    const pairs = await webDataset(spec);
    const plain: PairSource = { length: pairs.length, get: (index) => pairs.get(index) };
    const expected = await batches(pairs, 0, 0, 3);
    expect(await batches(plain, 2, 0, 3)).toEqual(expected);
    expect(await batches(plain, 0, 0, 3)).toEqual(expected);
  });

  it('leave the buffers of a decoded source untouched', async () => {
    const image = { width: 3, height: 3, channels: 1 as const, data: new Uint8Array(9).fill(7) };
    const pairs: PairSource = { length: 6, get: async (): Promise<ImageTextPair> => ({ image, caption: 'one' }) };
    await batches(pairs, 1, 0, 2);
    expect(image.data).toEqual(new Uint8Array(9).fill(7));
  });

  it('throw the same error for a broken image as the main thread', async () => {
    const broken = await writeShards('broken', [3]);
    const errors = await Promise.all(
      [0, 1, 2].map(async (workers) => batches(await webDataset(broken), workers).catch((error: unknown) => error)),
    );
    for (const error of errors) {
      expect(error).toBeInstanceOf(MedbenchError);
      expect(error).toMatchObject({ code: 'data', message: expect.stringMatching(/broken-0\.tar: 3\.jpg cannot be/) });
      expect((error as MedbenchError).hint).toBe((errors[0] as MedbenchError).hint);
    }
  });

  it('cut fixed crops out of resized images, the same whatever the number of threads', async () => {
    const crop = { kind: 'fixed', side: 512 } as const;
    const expected = await batches(await webDataset(spec), 0, 0, 9, { crop });
    expect(expected).not.toEqual(await batches(await webDataset(spec), 0));
    for (const workers of [1, 2]) {
      expect(await batches(await webDataset(spec), workers, 0, 9, { crop })).toEqual(expected);
    }
    // Each example is a crop of its image, resized to a shorter side of 512 · 24 / 224 = 55 pixels.
    const pairs = await webDataset(spec);
    const order = batchOrder(pairs.length, 6, 5);
    const write = normaliser();
    const { images } = expected[2]!;
    for (const [row, index] of order(2).entries()) {
      const resized = resizeShorterSideRounded((await pairs.get(index)).image, 55);
      const cut = new Float32Array(24 * 24 * 3);
      write(randomCrop(resized, 24, random(5, 'augmentation', 2, row)), cut, 0);
      expect(images!.data.slice(row * cut.length, (row + 1) * cut.length)).toEqual(cut);
    }
  });

  it('replace a broken sample by the next one if the source skips bad samples, whatever their number', async () => {
    const broken = await writeShards('skipped', [3, 4, 25]);
    const openShards = () => webDataset(broken, { skipBad: true });
    const expected = await batches(await openShards(), 0);
    for (const workers of [1, 2]) {
      const pairs = await openShards();
      expect(await batches(pairs, workers)).toEqual(expected);
      expect(pairs.bad.count).toBe(3);
      expect(pairs.bad.list.every((line) => /skipped-[01]\.tar: (3|4|25)\.jpg cannot be decoded/.test(line))).toBe(
        true,
      );
    }
    // Sample 5 takes the place of samples 3 and 4, and the first sample that of the last.
    const good = await batches(await webDataset(spec), 0);
    const { encodeBatch } = options.tokenizer;
    const readCaption = (batch: HostTensors, row: number) => Array.from(batch.ids!.data.slice(row * 8, row * 8 + 8));
    const encode = (i: number) => Array.from(encodeBatch([`case ${i}`], 8));
    good.forEach((batch, step) => {
      for (let row = 0; row < 6; row++) {
        const [original, actual] = [readCaption(batch, row), readCaption(expected[step]!, row)];
        const replaced = [3, 4, 25].find((i) => String(encode(i)) === String(original));
        expect(actual).toEqual(replaced === undefined ? original : encode(replaced === 25 ? 0 : 5));
      }
    });
  });

  it('can be stopped while they make a batch', async () => {
    const load = batchLoader({ ...options, pairs: await webDataset(spec), workers: 2 });
    await load(0);
    const pending = load(1).catch((error: unknown) => error);
    await load.close();
    await pending;
  });
});

describe('inputs of another author', () => {
  it('are drawn in a worker, with the bits that the main thread draws', async () => {
    const inputs = { tinted: foreignInputs.tinted(5, { tint: 3 }), thread: foreignInputs.thread() };
    const [onMainThread, inWorkers] = [await batchWith(inputs, 0), await batchWith(inputs, 2)];
    expect(inWorkers.lines).toEqual([]);
    expect(inWorkers.batch['input/tinted']).toEqual(onMainThread.batch['input/tinted']);
    expect(inWorkers.batch['input/tinted']!.shape).toEqual([6, 5]);
    expect(Array.from(onMainThread.batch['input/thread']!.data)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(Array.from(inWorkers.batch['input/thread']!.data)).toEqual([1, 1, 1, 1, 1, 1]);
  });

  it('are drawn from the random stream of seed, name, step and row', async () => {
    const { batch, lines } = await batchWith({ order: shuffledPatches(9), view: augmentedView(24) }, 1);
    expect(lines).toEqual([]);
    for (let row = 0; row < 6; row++) {
      const expected = random(5, 'input', 'order', 0, row).permutation(9);
      expect(batch['input/order']!.data.slice(row * 9, row * 9 + 9)).toEqual(expected);
    }
  });

  it('are drawn on the main thread, and logged once, if a worker cannot import their module', async () => {
    const { shape, dtype, draw } = foreignInputs.tinted(5, { tint: 3 });
    // This test is TypeScript source, which Node does not import.
    const tinted = drawnInput(import.meta.url, 'tinted', [], { shape, dtype, draw });
    const [onMainThread, inWorkers] = [
      await batchWith({ tinted }, 0),
      await batchWith({ tinted, thread: foreignInputs.thread() }, 2),
    ];
    expect(inWorkers.lines).toEqual([
      expect.stringMatching(
        /^The input "tinted" is drawn on the main thread: a worker cannot import file:.*\.test\.ts: /,
      ),
    ]);
    expect(inWorkers.batch['input/tinted']).toEqual(onMainThread.batch['input/tinted']);
    expect(inWorkers.batch['input/thread']!.data[0]).toBe(1);
  });

  it('fail with the module and the export named if their recipe does not make them', async () => {
    await expect(batchWith({ view: foreignInputs.lost() }, 1)).rejects.toMatchObject({
      code: 'plugin',
      message: expect.stringMatching(
        /^"nowhere" of file:.*inputs\.mjs does not make the input "view" in a worker: .*no such/,
      ),
    });
    await expect(batchWith({ view: foreignInputs.longer() }, 1)).rejects.toMatchObject({
      code: 'plugin',
      message: expect.stringMatching(/^"tinted" of file:.*makes float32 \[4\] for the input "view".*has float32 \[3\]/),
    });
  });
});
