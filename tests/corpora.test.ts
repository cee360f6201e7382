import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import {
  type Corpus,
  type CorpusInfo,
  pluginMetadata,
  resolveSettings,
  type Task,
  type TaskInfo,
} from '@medbench/core';
import { constantModel, randomModel, testContext } from '@medbench/core/testing';
import { MimicCxr } from '@medbench/corpora-mimic-cxr';
import { PmcOa } from '@medbench/corpora-pmc-oa';
import { Quilt1M } from '@medbench/corpora-quilt-1m';
import { Roco } from '@medbench/corpora-roco';
import { WebDatasetCorpus } from '@medbench/corpora-webdataset';
import { decodeImage } from '@medbench/data';
import { testProtocols } from '@medbench/evaluation/testing';
import { writePhantoms } from '@medbench/phantoms';
import { DeepEyeNetRetrieval } from '@medbench/tasks-deepeyenet';
import { MimicCxrRetrieval } from '@medbench/tasks-mimic-cxr-retrieval';
import { QuiltRetrieval } from '@medbench/tasks-quilt-retrieval';
import { RocoRetrieval } from '@medbench/tasks-roco-retrieval';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** Published numbers of training pairs. */
const PUBLISHED: Readonly<Record<string, number | undefined>> = {
  'pmc-oa': 1_317_219,
  'quilt-1m': 1_017_708,
  'mimic-cxr': 368_960,
  roco: 65_448,
  webdataset: undefined,
};
const CORPORA = [PmcOa, Quilt1M, MimicCxr, Roco, WebDatasetCorpus] as readonly (new () => Corpus)[];
const TASKS = [RocoRetrieval, MimicCxrRetrieval, QuiltRetrieval, DeepEyeNetRetrieval] as readonly (new () => Task)[];

const TRAIN = 60;
const TEST = 40;
let dataRoot: string;
let cacheRoot: string;
beforeAll(async () => {
  dataRoot = mkdtempSync(join(tmpdir(), 'medbench-corpora-'));
  cacheRoot = mkdtempSync(join(tmpdir(), 'medbench-corpora-cache-'));
  const none = { train: 1, val: 1, test: 1 };
  const counts = {
    phantoms: none,
    shapes: { train: 1 },
    pneumonia: none,
    vqaRad: { images: 1, train: 1, test: 1 },
    classes: { train: 12, val: 12, test: 12 },
    corpora: { train: TRAIN, test: TEST },
  };
  await writePhantoms(dataRoot, { counts, size: 32 });
});
afterAll(() => {
  for (const folder of [dataRoot, cacheRoot]) rmSync(folder, { recursive: true, force: true });
});

const pluginInfo = <T>(plugin: new () => unknown): T => pluginMetadata(plugin)!.info as T;
const createContext = (group: string, info: CorpusInfo | TaskInfo, given: Record<string, string> = {}) =>
  testContext({ dataRoot, cacheRoot, settings: resolveSettings(group, info, given) });

describe.each(CORPORA.map((make) => [pluginInfo<CorpusInfo>(make), make] as const))('$id', (info, make) => {
  const context = (given?: Record<string, string>) => createContext('corpusSettings', info, given);

  it('declares its title, licence, access and source, and the published number of pairs', () => {
    for (const field of ['title', 'licence', 'access', 'source'] as const)
      expect(info[field].length).toBeGreaterThan(3);
    expect(info.files?.length).toBeGreaterThan(0);
    expect(Object.values(info.pairs ?? {})[0]).toBe(PUBLISHED[info.id]);
    expect(info.id === 'webdataset' || info.citation).toBeTruthy();
  });

  it('opens phantoms in its real layout, decoded on this thread or left as bytes', async () => {
    const corpus = await new make().open(context());
    expect(corpus.synthetic).toBe(true);
    expect(corpus.fingerprint).toMatch(/^[0-9a-f]{64}$/);
    // Every fifth image of Quilt-1M has two captions.
    expect(corpus.pairs.length).toBe(info.id === 'quilt-1m' ? TRAIN * 1.2 : TRAIN);
    for (const index of [0, 7, corpus.pairs.length - 1]) {
      const { image, caption } = await corpus.pairs.get(index);
      const encoded = await corpus.pairs.encoded!(index);
      expect(encoded.caption).toBe(caption);
      expect(await decodeImage(encoded.bytes)).toEqual(image);
      expect(image.width).toBe(32);
      expect(caption.trim().split(/\s+/).length).toBeGreaterThan(2);
    }
    expect((await new make().open(context())).fingerprint).toBe(corpus.fingerprint);
  });

  it('counts the pairs of its splits', async () => {
    const { synthetic, splits } = await new make().inspect!(context());
    expect(synthetic).toBe(true);
    expect(splits.train!.examples).toBeGreaterThanOrEqual(TRAIN);
  });
});

it('PMC-OA has a validation split of its own, which training does not need', async () => {
  const info = pluginInfo<CorpusInfo>(PmcOa);
  const context = (split: string) => createContext('corpusSettings', info, { split });
  const [train, valid] = [await new PmcOa().open(context('train')), await new PmcOa().open(context('valid'))];
  expect(valid.pairs.length).toBe(TEST / 4);
  expect(valid.fingerprint).not.toBe(train.fingerprint);
  const captions = async ({ pairs }: typeof train) =>
    Promise.all(Array.from({ length: pairs.length }, async (_, i) => (await pairs.get(i)).caption));
  expect((await captions(valid)).filter((caption) => caption === undefined)).toEqual([]);
  // The study's number of pairs, and the default that trains on what results without this setting trained on.
  expect(info.pairs).toEqual({ train: 1_317_219, valid: 164_657 });
  expect(info.settings!.split).toMatchObject({ default: 'train', keepsKeys: true });
  expect((await new PmcOa().inspect!(context('train'))).splits).toMatchObject({
    train: { examples: TRAIN },
    valid: { examples: TEST / 4 },
  });
  const without = mkdtempSync(join(tmpdir(), 'medbench-no-valid-'));
  mkdirSync(join(without, 'pmc-oa'));
  cpSync(join(dataRoot, 'pmc-oa', 'train.jsonl'), join(without, 'pmc-oa', 'train.jsonl'));
  cpSync(join(dataRoot, 'pmc-oa', 'images'), join(without, 'pmc-oa', 'images'), { recursive: true });
  const elsewhere = (split: string) => ({ ...context(split), dataRoot: without });
  expect(Object.keys((await new PmcOa().inspect!(elsewhere('train'))).splits)).toEqual(['train']);
  await expect(new PmcOa().open(elsewhere('valid'))).rejects.toThrow(/pmc-oa.valid\.jsonl is not there/);
  rmSync(without, { recursive: true });
});

// The study's sum counts two pairs more than ROCO's repository has rows.
it('the study’s corpora have 2,769,337 pairs together, less two of ROCO', () => {
  expect(Object.values(PUBLISHED).reduce((sum: number, pairs) => sum + (pairs ?? 0), 0)).toBe(2_769_337 - 2);
});

describe.each(TASKS.map((make) => [pluginInfo<TaskInfo>(make), make] as const))('$id', (info, make) => {
  const context = () => ({
    ...createContext('taskSettings', info),
    protocols: testProtocols(info.protocols, { metric: info.metric }),
  });

  it('gives chance-level recall to a model with random embeddings', async () => {
    const { synthetic, results } = await new make().evaluate(randomModel(1), context());
    expect(synthetic).toBe(true);
    const [{ metrics, notes, n }] = results as [(typeof results)[number]];
    expect(n).toBe(TEST);
    // Recall@10 in a gallery of 40: chance is 10/40, a little less with several captions. Within four standard errors.
    expect(metrics['i2t_recall@10']!.value).toBeGreaterThan(0.2 - 4 * Math.sqrt(0.16 / TEST));
    expect(metrics['i2t_recall@10']!.value).toBeLessThan(0.3 + 4 * Math.sqrt(0.21 / TEST));
    // Of the study's galleries, DeepEyeNet's alone has no corpus.
    if (/^(mimic|quilt|roco)/.test(info.id)) expect(notes!.join()).toMatch(/pre-training data/);
    const blind = await new make().evaluate(constantModel(), context());
    expect(blind.results[0]!.metrics['t2i_recall@10']!.value).toBe(0);
  });

  it('has a stable fingerprint of its own split', async () => {
    const one = await new make().fingerprint(context());
    expect(one).toMatch(/^[0-9a-f]{64}$/);
    expect(await new make().fingerprint(context())).toBe(one);
  });
});

it('draws and searches the gallery of MIMIC-CXR by patient, by the numbers in its split table', async () => {
  const context = {
    ...createContext('taskSettings', pluginInfo<TaskInfo>(MimicCxrRetrieval)),
    protocols: testProtocols('retrieval'),
  };
  const table = join(dataRoot, 'mimic-cxr', 'mimic-cxr-2.0.0-split.csv.gz');
  const rows = gunzipSync(readFileSync(table))
    .toString()
    .trim()
    .split('\n')
    .map((line) => line.split(','));
  const [header, ...lines] = rows;
  const column = (name: string) => header!.indexOf(name);
  const patients = new Set(
    lines.filter((line) => line[column('split')]!.trim() === 'test').map((line) => line[column('subject_id')]!),
  );
  expect(patients.size).toBeLessThan(TEST);
  const task = new MimicCxrRetrieval();
  const { results } = await task.evaluate(randomModel(1), context);
  expect(new Set(results[0]!.groups).size).toBe(patients.size);
  const { test } = (await task.images!(context))!;
  expect(new Set(test.groups)).toEqual(patients);
});

it('accepts shards under any name, and reads only the requested rows', async () => {
  const shards = readdirSync(join(dataRoot, 'webdataset')).filter((name) => name.endsWith('.tar'));
  const info = pluginInfo<CorpusInfo>(WebDatasetCorpus);
  const spec = `webdataset/${shards[0]}::webdataset/${shards[0]}`;
  const twice = await new WebDatasetCorpus().open(createContext('corpusSettings', info, { shards: spec }));
  expect(twice.pairs.length).toBe(2 * Math.min(100, TRAIN));
  const quilt = pluginInfo<CorpusInfo>(Quilt1M);
  const all = await new Quilt1M().open(createContext('corpusSettings', quilt, { rows: 'all' }));
  expect(all.pairs.length).toBe((TRAIN + TEST) * 1.2);
  const half = await new Quilt1M().open(
    createContext('corpusSettings', quilt, { rows: 'all', subsets: 'openpath+quilt' }),
  );
  expect(half.pairs.length).toBe(((TRAIN + TEST) * 1.2) / 2);
});
