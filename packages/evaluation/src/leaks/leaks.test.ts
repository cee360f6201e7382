import { type RasterImage, random, type Source } from '@medbench/core';
import { decodeImage, encodeJpeg, encodePng, fromArray, resize } from '@medbench/data';
import { describe, expect, it } from 'vitest';
import { leakCheck } from './check.js';

const SIDE = 96;

/**
 * A chest-like image: two dark fields in a bright frame, the same for all patients, and blobs that differ by patient.
 */
function radiograph(patient: number): RasterImage {
  const stream = random(patient, 'radiograph');
  const blobs = Array.from({ length: 9 }, () => ({
    x: stream.uniform() * SIDE,
    y: stream.uniform() * SIDE,
    r: 5 + 14 * stream.uniform(),
    depth: 60 * (stream.uniform() - 0.5),
  }));
  const data = new Uint8Array(SIDE * SIDE);
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      let value = 180;
      for (const lung of [0.3, 0.7]) {
        value -= 120 * Math.exp(-(((x / SIDE - lung) / 0.13) ** 2) - ((y / SIDE - 0.5) / 0.3) ** 2);
      }
      for (const { x: bx, y: by, r, depth } of blobs) {
        value += depth * Math.exp(-((x - bx) ** 2 + (y - by) ** 2) / (2 * r * r));
      }
      data[y * SIDE + x] = Math.max(0, Math.min(255, Math.round(value + 2 * stream.normal())));
    }
  }
  return { width: SIDE, height: SIDE, channels: 1, data };
}

const radiographs = (from: number, count: number) => Array.from({ length: count }, (_, i) => radiograph(from + i));
const names = (from: number, count: number) => Array.from({ length: count }, (_, i) => `patient ${from + i}`);

const checkLeaks = leakCheck();

describe('leakCheck', () => {
  const train = { images: fromArray(radiographs(0, 300)), groups: names(0, 300) };

  it('finds nothing in a clean split', async () => {
    const test = { images: fromArray(radiographs(1000, 150)), groups: names(1000, 150) };
    const report = await checkLeaks({ train, test }, train.images);
    const none = { compared: 300, identical: [], near: [] };
    expect(report).toEqual({ test: 150, train: { ...none, groups: [] }, corpus: { ...none, groups: null } });
  });

  it('finds a planted patient', async () => {
    const test = { images: fromArray(radiographs(1000, 20)), groups: [...names(1000, 19), 'patient 7'] };
    const { train: findings } = await checkLeaks({ train, test });
    expect(findings).toMatchObject({ groups: [19], identical: [], near: [] });
    const unnamed = { images: test.images, groups: new Array<string>(20).fill('') };
    const without = await checkLeaks({ train: { ...train, groups: new Array<string>(300).fill('') }, test: unnamed });
    expect(without.train!.groups).toEqual([]);
  });

  it('finds a planted image, unchanged or encoded again', async () => {
    const planted = [
      radiograph(3),
      await decodeImage(await encodePng(radiograph(4))),
      await decodeImage(await encodeJpeg(radiograph(5), 70)),
      resize(radiograph(6), 64, 64),
      await decodeImage(await encodeJpeg(resize(radiograph(8), 128, 128), 85)),
    ];
    const images: Source<RasterImage> = fromArray([...radiographs(1000, 10), ...planted]);
    const report = await checkLeaks({ test: { images } }, train.images);
    expect(report.corpus!.identical).toEqual([
      [10, 3],
      [11, 4],
    ]);
    expect(report.corpus!.near).toEqual([
      [12, 5],
      [13, 6],
      [14, 8],
    ]);
  });

  it('does not report images without content as near duplicates', async () => {
    const plain = (value: number): RasterImage => ({
      width: 8,
      height: 8,
      channels: 1,
      data: new Uint8Array(64).fill(value),
    });
    const { train: findings } = await checkLeaks({
      train: { images: fromArray([plain(10)]) },
      test: { images: fromArray([plain(11), plain(10)]) },
    });
    expect(findings).toMatchObject({ identical: [[1, 0]], near: [] });
  });
});
