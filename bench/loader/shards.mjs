// Writes tar shards of JPEG pairs of 224 x 224 or about 500 x 400 or 850 x 640 pixels. A seed draws smooth shapes under noise, as in
// a photograph.
import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { random } from '../../packages/core/dist/index.js';
import { encodeJpeg, resize } from '../../packages/data/dist/index.js';
import { tarEnd, tarMember } from '../../packages/formats/dist/index.js';

export const SHARDS = 4;

/** Writes JPEGs in turn, with captions, until there are `pairs` of them. */
export function writeJpegs(folder, pairs, jpegs) {
  let bytes = 0;
  for (let shard = 0; shard < SHARDS; shard++) {
    const file = openSync(join(folder, `${shard}.tar`), 'w');
    for (let i = shard; i < pairs; i += SHARDS) {
      const jpeg = jpegs[i % jpegs.length];
      bytes += jpeg.length;
      writeSync(file, tarMember(`${String(i).padStart(6, '0')}.jpg`, jpeg));
      const caption = Buffer.from(`Radiograph ${i}: no focal consolidation, the heart is of normal size.`);
      writeSync(file, tarMember(`${String(i).padStart(6, '0')}.txt`, caption));
    }
    writeSync(file, tarEnd());
    closeSync(file);
  }
  return bytes;
}

/** JPEGs of about 850 x 640 pixels. */
export const photographs = (count) =>
  Promise.all(Array.from({ length: count }, (_, i) => encodeJpeg(image(i, 850), 88)));

/** @param side 224 for images of 224 x 224, 500 for larger images of different sizes. */
export async function writeShards(folder, pairs, side) {
  const jpegs = [];
  for (let i = 0; i < pairs; i++) jpegs.push(await encodeJpeg(image(i, side), 88));
  return writeJpegs(folder, pairs, jpegs);
}

const SIZES = {
  224: () => [224, 224],
  500: (stream) => [460 + stream.integer(81), 360 + stream.integer(81)],
  850: (stream) => [750 + stream.integer(201), 560 + stream.integer(161)],
};

function image(i, side) {
  const stream = random(7, 'image', i);
  const [width, height] = SIZES[side](stream);
  const coarse = {
    width: 24,
    height: 20,
    channels: 3,
    data: Uint8Array.from({ length: 1440 }, () => stream.integer(256)),
  };
  const { data } = resize(coarse, width, height);
  // A cheap generator: much noise is needed, and its quality does not matter.
  let state = stream.integer(2 ** 31) | 1;
  for (let k = 0; k < data.length; k++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    const noise = ((state >>> 24) + ((state >>> 16) & 255) - 255) >> 4;
    const value = data[k] + noise;
    data[k] = Math.min(255, Math.max(0, value));
  }
  return { width, height, channels: 3, data };
}
