import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { decodeImage } from './image.js';
import { CLIP_MEAN, CLIP_STD, normaliser } from './normalise.js';
import { sharedData } from './testing/shared-data.js';
import { evaluationTransform, toRgb } from './transform.js';

const { size, files, vqaRad } = JSON.parse(
  gunzipSync(readFileSync(new URL('../fixtures/views.json.gz', import.meta.url))).toString('utf8'),
) as {
  size: number;
  files: { name: string; file: string; window: [number, number] | null; view: string }[];
  vqaRad: { count: number; sha256: string };
};

describe("CLIP's evaluation view of a file", () => {
  it.each(files)('is within 1/255 of that of open_clip: $name', async ({ name, file, window, view }) => {
    const image = await decodeImage(Buffer.from(file, 'base64'), name, window ? { window } : {});
    const batch = new Float32Array(size * size * 3);
    normaliser()(evaluationTransform(size)(image), batch, 0);
    const expected = Buffer.from(view, 'base64');
    const difference = batch.map((value, i) =>
      Math.abs(value * CLIP_STD[i % 3]! + CLIP_MEAN[i % 3]! - expected[i]! / 255),
    );
    expect(expected.length).toBe(batch.length);
    // Decoder versions may differ by one level; those installed give the same bytes. float32 adds an error of 1e-6.
    expect(Math.max(...difference)).toBeLessThan(1 / 255 + 1e-6);
  });

  const folder = sharedData('vqa-rad');
  it.skipIf(folder === undefined)('starts from exactly the pixels of Pillow for all of VQA-RAD', async () => {
    const names = readdirSync(join(folder!, 'images')).sort();
    const hash = createHash('sha256');
    for (const name of names) hash.update(toRgb(await decodeImage(join(folder!, 'images', name))).data);
    expect({ count: names.length, sha256: hash.digest('hex') }).toEqual(vqaRad);
  });
});
