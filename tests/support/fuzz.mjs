// Reads damaged files one after the other, in a separate process that may crash or hang. Used by fuzz.test.ts:
//   node fuzz.mjs FOLDER SEED CASES
// Prints a line of JSON every hundred cases and at the end. `faults` lists files that were neither read nor refused.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { isMedbenchError, random } from '@medbench/core';
import { decodeImage } from '@medbench/data';
import * as formats from '@medbench/formats';

const [folder, seed, cases] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const scratch = join(folder, `work-${seed}`);
const cacheFolder = join(scratch, 'cache');
mkdirSync(join(scratch, 'images'), { recursive: true });

const captions = (path) =>
  formats.captionTable({
    table: path,
    imageColumn: 'image',
    captionColumn: 'caption',
    imageDir: join(scratch, 'images'),
  });
/** Reads a whole file of each format. */
const READERS = {
  npz: async (path) => formats.readNpz(path),
  npzrows: async (path) => {
    const rows = await formats.openNpzRows(path.replace(/\.npzrows$/, '.npz'), 'images', { cacheFolder });
    if (rows.shape[0] > 0) await rows.rows(0, 1);
  },
  csv: async (path) => {
    const table = await captions(path);
    if (table.length > 0) await table.describe(table.length - 1);
    await formats.readCsv(path);
  },
  jsonl: async (path) => {
    const table = await captions(path);
    if (table.length > 0) await table.describe(table.length - 1);
    await formats.readJsonl(path);
  },
  json: async (path) => formats.readJson(path),
  gz: async (path) => formats.readCsv(path),
  h5: async (path) => {
    const rows = await formats.openHdf5(path, 'x', { cacheFolder });
    for (let i = 0; i < Math.min(3, rows.shape[0]); i++) await rows.rows(i, 1);
    rows.close();
  },
  h5gz: async (path) => {
    (await formats.openHdf5(path, 'x', { cacheFolder, maxBytes: 2 ** 24 })).close();
  },
  xlsx: async (path) => formats.readXlsx(path, { maxBytes: 2 ** 24 }),
  dcm: async (path) => formats.decodeDicom(path),
  parquet: async (path) => {
    const table = await formats.openParquet([path]);
    if (table.length > 0) await table.row(table.length - 1);
    await formats.openParquet([path], ['image']).then((one) => one.image('image', 0));
  },
  pkl: async (path) => formats.readPickle(path),
  tar: async (path) => {
    const shards = await formats.webDataset(path);
    for (let i = 0; i < Math.min(3, shards.length); i++) await shards.get(i);
    const skipping = await formats.webDataset(path, { skipBad: true });
    await skipping.encoded(0);
  },
  image: async (path) => decodeImage(path),
  list: async (path) => formats.parsePythonList(readFileSync(path, 'utf8'), path),
};
const EXTENSIONS = { h5gz: 'h5.gz', gz: 'csv.gz', image: 'bin', list: 'txt', npzrows: 'npz' };

const sound = readdirSync(join(folder, 'sound'))
  .sort()
  .map((name) => ({ name, kind: name.split('.')[0], bytes: readFileSync(join(folder, 'sound', name)) }));

/** Extreme values for sizes and offsets. */
const EXTREMES = [0, 1, 0x7f, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff];

function damaged(bytes, draw) {
  const copy = Buffer.from(bytes);
  const at = () => draw.integer(Math.max(1, copy.length));
  const kind = draw.integer(8);
  if (kind === 0) return copy.subarray(0, at());
  if (kind === 1) return Buffer.concat([copy.subarray(0, at()), copy.subarray(at())]);
  if (kind === 2)
    return Buffer.concat([copy, Buffer.from(Array.from({ length: 1 + draw.integer(64) }, () => draw.integer(256)))]);
  if (kind === 3) {
    for (let i = 0; i < 1 + draw.integer(16); i++) copy[at()] ^= 1 << draw.integer(8);
  } else if (kind === 4 || kind === 5) {
    // Headers are at the start or at the end of a file.
    for (let i = 0; i < 1 + draw.integer(3); i++) {
      const near = draw.integer(3);
      const place =
        near === 0
          ? draw.integer(Math.min(copy.length, 600) + 1)
          : near === 1
            ? copy.length - 8 - draw.integer(Math.min(copy.length, 400))
            : at();
      const value = EXTREMES[draw.integer(EXTREMES.length)];
      if (place < 0 || place + 4 > copy.length) continue;
      if (draw.integer(2) === 0) copy.writeUInt32LE(value, place);
      else copy.writeUInt32BE(value, place);
    }
  } else if (kind === 6) {
    const from = at();
    copy.fill(draw.integer(256), from, Math.min(copy.length, from + draw.integer(200)));
  } else {
    const from = at();
    for (let i = from; i < Math.min(copy.length, from + 40); i++) copy[i] = draw.integer(256);
  }
  return copy;
}

const counts = {};
const faults = [];
let refused = 0;
const report = (done) =>
  console.log(JSON.stringify({ done, refused, faults, counts, maxRss: process.resourceUsage().maxRSS }));
for (let i = 0; i < cases; i++) {
  const draw = random(seed, 'fuzz', i);
  const { name, kind, bytes } = sound[draw.integer(sound.length)];
  const path = join(scratch, `case.${EXTENSIONS[kind] ?? kind}`);
  writeFileSync(path, damaged(bytes, draw));
  counts[kind] = (counts[kind] ?? 0) + 1;
  const began = performance.now();
  try {
    await READERS[kind](path);
  } catch (error) {
    if (isMedbenchError(error) && error.message !== '') refused++;
    else faults.push({ case: i, name, error: String(error?.stack ?? error).slice(0, 600) });
  }
  const seconds = (performance.now() - began) / 1000;
  if (seconds > 10) faults.push({ case: i, name, error: `took ${seconds} s` });
  if (i % 100 === 99) report(i + 1);
}
// After all damaged files, undamaged files must read as before.
for (const { name, kind, bytes } of sound) {
  const path = join(scratch, `sound.${EXTENSIONS[kind] ?? kind}`);
  writeFileSync(path, bytes);
  try {
    await READERS[kind](path);
  } catch (error) {
    faults.push({ case: -1, name: basename(name), error: String(error?.stack ?? error).slice(0, 600) });
  }
}
rmSync(scratch, { recursive: true, force: true });
report(cases);
process.exit(0);
