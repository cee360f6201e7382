// Reads damaged files one after the other, in a separate process that may crash or hang. Used by fuzz.test.ts:
//   node fuzz.mjs FOLDER SEED CASES [FORMATS]
// Prints a line of JSON every hundred cases and at the end. `faults` lists files that were neither read nor refused.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { readEmbeddingRows } from '@medbench/api';
import { isMedbenchError, random, readSealed } from '@medbench/core';
import { readPlugin } from '@medbench/core/catalogue';
import { captionOfReport, REPORT_PARTS } from '@medbench/corpora-mimic-cxr';
import { clipTokenizer, decodeImage } from '@medbench/data';
import { answerVocabulary, openEmbeddings } from '@medbench/evaluation';
import * as formats from '@medbench/formats';
import { readComparisons, readResults, writeReport } from '@medbench/report';
import { findConfigFile, makePlan, mergeTrees, parseSet, resolveConfig } from '@medbench/runner';
import { discover } from '@medbench/runner/workspace';
import { findWeights, loadWeights } from '@medbench/weights';

const [root, seed, cases] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const scratch = join(root, `work-${seed}`);
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
  npy: async (path) => formats.readNpy(path),
  tab: async (path) => formats.readCsv(path, { columns: ['id', 'image'] }),
  // Lines of ROCO's kind: without a header, separated by tabs.
  lines: async (path) => {
    const table = await formats.captionTable({
      ...{ table: path, header: ['id', 'caption'], imageColumn: 'id', captionColumn: 'caption' },
      ...{ imageDir: join(scratch, 'images'), toFileName: (id) => `${id}.jpg` },
    });
    if (table.length > 0) await table.describe(table.length - 1);
  },
  report: async (path) => {
    const report = readFileSync(path, 'utf8');
    for (const part of REPORT_PARTS) captionOfReport(report, part);
  },
  text: async (path) => {
    const text = readFileSync(path, 'utf8');
    const ids = tokenizer.encodeBatch([text], 77);
    tokenizer.decode(ids);
    answerVocabulary([text]);
  },
  safetensors: async (path) => loadWeights(await findWeights(path), PARAMETERS, { activation: 'gelu' }),
  // Files beside weights: the configurations of open_clip and of Hugging Face, and the index of divided weights.
  openclip: async (path) =>
    findWeights(beside('openclip', 'open_clip_model.safetensors', 'open_clip_config.json', path)),
  huggingface: async (path) => findWeights(beside('huggingface', 'model.safetensors', 'config.json', path)),
  index: async (path) => findWeights(beside('index', 'part.safetensors', 'model.safetensors.index.json', path)),
  // Embeddings of another tool: the manifest, and an array.
  manifest: async (path) => useEmbeddings(beside('manifest', 'all.images.npy', 'embeddings.json', path)),
  array: async (path) => useEmbeddings(beside('array', 'embeddings.json', 'all.images.npy', path)),
  // What a run keeps.
  sealed: async (path) => readSealed(path),
  results: async (path) => {
    const folder = beside('results', 'comparisons.json', 'results.json', path);
    await readResults(folder);
    await writeReport(folder);
  },
  comparisons: async (path) => {
    const folder = beside('comparisons', 'results.json', 'comparisons.json', path);
    await readComparisons(folder, await readResults(folder));
  },
  // Every way to a setting: files, flags, and ids with settings in them.
  config: async (path) => planned(await findConfigFile(scratch, path)),
  yaml: async (path) => planned(await findConfigFile(scratch, path)),
  flags: async (path) => {
    const sets = readFileSync(path, 'utf8').split('\n');
    makePlan(resolveConfig({ flags: mergeTrees(...sets.map(parseSet)) }), catalogue);
  },
  rows: async (path) => {
    const [methods, tasks, corpora] = readFileSync(path, 'utf8')
      .split('\n')
      .map((line) => line.split(','));
    makePlan(resolveConfig({ flags: { methods, tasks: tasks ?? [], corpora: corpora ?? [] } }), catalogue);
  },
  plugin: async (path) => readPlugin(path, 'fuzz', '0.1.0'),
  list: async (path) => formats.parsePythonList(readFileSync(path, 'utf8'), path),
};
const EXTENSIONS = {
  ...{ h5gz: 'h5.gz', gz: 'csv.gz', image: 'bin', list: 'txt', npzrows: 'npz', lines: 'txt' },
  ...{ config: 'json', flags: 'txt', rows: 'txt', sealed: 'json', plugin: 'json' },
};
/** Formats whose values are replaced too, not their bytes alone. */
const JSON_KINDS = new Set(
  'json openclip huggingface index manifest sealed results comparisons config plugin'.split(' '),
);

const formatsWanted = process.argv[5]?.split(',');
const sound = readdirSync(join(root, 'sound'))
  .sort()
  .filter((name) => !formatsWanted || formatsWanted.includes(name.split('.')[0]))
  .map((name) => ({ name, kind: name.split('.')[0], bytes: readFileSync(join(root, 'sound', name)) }));

/** Parameters of a tiny model, which the undamaged weights fit. */
const PARAMETERS = [
  { name: 'visual.proj', shape: [4, 2] },
  { name: 'text_projection', shape: [4, 2] },
  { name: 'logit_scale', shape: [] },
];
const tokenizer = clipTokenizer({ merges: 100 });
const host = createRequire(import.meta.url).resolve('@medbench/api/package.json');
const catalogue = await discover({ cwd: root, host, plugins: [] });
const planned = (file) => makePlan(resolveConfig({ file }), catalogue);

/** Folders with an undamaged file, beside which the damaged one is written. */
const prepared = new Set();
function beside(kind, soundName, name, path) {
  const folder = join(scratch, `beside-${kind}`);
  if (!prepared.has(kind)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, soundName), readFileSync(join(root, 'beside', soundName)));
    prepared.add(kind);
  }
  writeFileSync(join(folder, name), readFileSync(path));
  return folder;
}

async function useEmbeddings(folder) {
  const [row] = await readEmbeddingRows([folder], scratch);
  const embeddings = await openEmbeddings(row.folder);
  for (const task of embeddings.tasks) {
    await embeddings.fingerprint(task);
    const { model } = await embeddings.open(task);
    await model.embedImages({ length: 6 }, 'all');
  }
}

/** Extreme values for sizes and offsets. */
const EXTREMES = [0, 1, 0x7f, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff];

/** Stands for lists within lists that are too deep for `JSON.stringify`. */
const DEEP = 'deeper than a stack';
const tooDeep = '['.repeat(9000) + ']'.repeat(9000);
/** Values that a JSON file should not hold, each in place of one that it should. */
const JSON_VALUES = [
  ...[
    null,
    true,
    0,
    -1,
    1.5,
    1e308,
    -1e-9,
    2 ** 53,
    '',
    ' ',
    'nan',
    '\u0000',
    '../..',
    '\u001b[2J',
    'x'.repeat(100_000),
  ],
  ...[[], {}, [[]], [[[[[[[[]]]]]]]], [null], { a: 1 }, DEEP],
  JSON.parse('{"__proto__": {"polluted": 1}, "constructor": 1}'),
];

/** The document with one value replaced, removed or repeated, at any depth. */
function damagedJson(bytes, draw) {
  const root = { document: JSON.parse(bytes.toString('utf8')) };
  const places = [];
  const visit = (node) => {
    for (const key of Object.keys(node)) {
      places.push([node, key]);
      if (typeof node[key] === 'object' && node[key] !== null) visit(node[key]);
    }
  };
  visit(root);
  const [node, key] = places[draw.integer(places.length)];
  const way = draw.integer(4);
  if (way === 0 && key !== 'document') {
    if (Array.isArray(node)) node.splice(Number(key), 1);
    else delete node[key];
  } else if (way === 1 && Array.isArray(node)) node.push(...node);
  else node[key] = JSON_VALUES[draw.integer(JSON_VALUES.length)];
  return Buffer.from(JSON.stringify(root.document).replaceAll(JSON.stringify(DEEP), tooDeep));
}

function damaged(bytes, draw, kind) {
  return JSON_KINDS.has(kind) && draw.integer(2) === 0 ? damagedJson(bytes, draw) : damagedBytes(bytes, draw);
}

function damagedBytes(bytes, draw) {
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
  writeFileSync(path, damaged(bytes, draw, kind));
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
