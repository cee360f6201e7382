// A corpus of remote shards: the same batches, losses and keys as from disk, whatever the server does wrong.
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Compiled } from '@medbench/backends-compiled';
import { type DataContext, keyedSettings, type OpenedCorpus, resolveSettings } from '@medbench/core';
import { testContext } from '@medbench/core/testing';
import { Biomedica } from '@medbench/corpora-biomedica';
import { OpenPmc } from '@medbench/corpora-open-pmc';
import { ParquetCorpus } from '@medbench/corpora-parquet';
import { WebDatasetCorpus } from '@medbench/corpora-webdataset';
import { corpusInfo } from '@medbench/corpus-kit';
import { clipTokenizer, encodePng } from '@medbench/data';
import { tarEnd, tarMember, webDataset } from '@medbench/formats';
import { Clip } from '@medbench/methods-clip';
import { phantomCase } from '@medbench/phantoms';
import { openRemote } from '@medbench/remote';
import { type FileServer, type FileServerOptions, serveFiles, type Trouble } from '@medbench/remote/testing';
import { batchLoader } from '@medbench/training';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { repository } from './support/cli.js';
import { createRow, model, TRAINING, trainOn } from './support/methods.js';

const SHARDS = 20;
const PER_SHARD = 4;
const root = mkdtempSync(join(tmpdir(), 'medbench-streaming-'));
afterAll(() => rmSync(root, { recursive: true }));
let servers: FileServer[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  await Promise.all(servers.map((server) => server.close()));
  servers = [];
});

const names = Array.from({ length: SHARDS }, (_, shard) => `train/${String(shard).padStart(5, '0')}.tar`);
/** Shards by path. Bytes that no program reads make some larger than a block of the cache. */
const shards: Record<string, Uint8Array> = {};
beforeAll(async () => {
  const padding = randomBytes(300_000);
  for (const [shard, name] of names.entries()) {
    const members: Uint8Array[] = [];
    for (let i = 0; i < PER_SHARD; i++) {
      const { caption, render } = phantomCase(0, 'train', shard * PER_SHARD + i);
      const key = `${shard}-${i}`;
      members.push(tarMember(`${key}.png`, await encodePng(render(64))), tarMember(`${key}.txt`, Buffer.from(caption)));
      if (i === 1 && shard % 5 === 0) members.push(tarMember('padding', padding));
    }
    shards[name] = Buffer.concat([...members, tarEnd()]);
    mkdirSync(join(root, 'disk/train'), { recursive: true });
    writeFileSync(join(root, 'disk', name), shards[name]!);
  }
});

async function serve(options: FileServerOptions = {}, files: Readonly<Record<string, Uint8Array>> = shards) {
  const server = await serveFiles(files, options);
  servers.push(server);
  return server;
}

/** Each third request fails, in another way each time; none fails twice in a row. */
const TROUBLES: readonly Trouble[] = [
  { kind: 'status', status: 503 },
  { kind: 'cut', after: 1000 },
  { kind: 'silent' },
  { kind: 'status', status: 429, retryAfter: '1' },
  { kind: 'stall', after: 70_000 },
  { kind: 'wrong-range' },
  { kind: 'cut', after: 262_200 },
];
const faulty = (_: string, request: number): Trouble | undefined =>
  request % 3 === 2 ? TROUBLES[Math.floor(request / 3) % TROUBLES.length] : undefined;

const folder = (): string => mkdtempSync(join(root, 'cache-'));
const impatient = { idleMs: 100, wait: async () => undefined, environment: {} };

describe('a corpus of 20 remote shards, from a server that fails in every way', () => {
  /** The pairs of shards behind an address, or on disk. */
  const open = (spec: string, byShard: boolean) =>
    webDataset(spec, { byShard, remote: openRemote({ cacheRoot: folder(), ...impatient }), cacheFolder: folder() });
  const range = `{${names[0]!.slice(6, -4)}..${names.at(-1)!.slice(6, -4)}}.tar`;

  /** Trains for an epoch and two steps of the next. @returns the losses, and the hash of the weights. */
  async function trained(pairs: OpenedCorpus['pairs']) {
    const row = createRow(Clip, {});
    const load = batchLoader({
      ...{ pairs, tokenizer: clipTokenizer({ merges: 0 }), contextLength: 12, seed: 3, inputs: row.step.inputs },
      ...{ imageSize: model.image.imageSize, batchSize: TRAINING.batchSize, cropScale: TRAINING.cropScale, workers: 0 },
    });
    const steps = (SHARDS * PER_SHARD) / TRAINING.batchSize + 2;
    const { losses, weights } = await trainOn(new Compiled(), { ...row, load }, steps, { selfCheck: false });
    await load.close();
    const hash = createHash('sha256');
    for (const name of Object.keys(weights).sort()) hash.update(new Uint8Array(weights[name]!.data.slice().buffer));
    return { losses, weights: hash.digest('hex') };
  }

  it('trains with the same losses and weights as from disk', async () => {
    const server = await serve({ trouble: faulty });
    const remote = await open(`${server.url}/train/${range}`, true);
    const far = await trained(remote);
    expect(far).toEqual(await trained(await open(join(root, 'disk/train'), true)));
    expect(far.losses.length).toBe(12);
    expect(server.requests.length).toBeGreaterThan(3 * TROUBLES.length);
  });

  it('has the same pairs in the same order as from disk, and fetches no block twice', async () => {
    const server = await serve();
    const remote = await open(`${server.url}/train/${range}`, true);
    const disk = await open(join(root, 'disk/train'), true);
    const order = remote.order!(5, 1);
    expect(order).toEqual(disk.order!(5, 1));
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: SHARDS * PER_SHARD }, (_, i) => i));
    // The pairs of eight shards are mixed: no more are under way.
    for (let from = 0; from < order.length; from += 8 * PER_SHARD) {
      const part = [...order.subarray(from, from + 8 * PER_SHARD)].map((i) => Math.floor(i / PER_SHARD));
      expect(new Set(part).size).toBe(part.length / PER_SHARD);
    }
    for (const index of order) {
      const [a, b] = await Promise.all([remote.encoded(index), disk.encoded(index)]);
      expect(Buffer.from(a.bytes).equals(b.bytes) && a.caption === b.caption).toBe(true);
    }
    const ranges = server.requests.filter(({ range }) => range !== 'bytes=0-0').map(({ path, range }) => path + range);
    expect(new Set(ranges).size).toBe(ranges.length);
  });

  it('begins before all shards were fetched, if their numbers of samples are known', async () => {
    const sizes = Object.fromEntries(names.map((name) => [name.slice(6), PER_SHARD]));
    const counted = { ...shards, 'train/sizes.json': Buffer.from(JSON.stringify({ ...sizes, '00003.tar': 9 })) };
    const server = await serve({}, counted);
    const remote = await open(`${server.url}/train/${range}`, true);
    expect(remote.length).toBe(SHARDS * PER_SHARD + 5);
    const fetched = () => new Set(server.requests.map(({ path }) => path).filter((path) => path.endsWith('.tar')));
    expect(fetched().size).toBe(0);
    const disk = await open(join(root, 'disk/train'), true);
    expect((await remote.encoded(9)).caption).toBe((await disk.encoded(9)).caption);
    expect([...fetched()]).toEqual(['train/00002.tar']);
    await expect(remote.encoded(13)).rejects.toThrow(/00003\.tar holds 4 samples, where sizes\.json says 9/);
  });

  it('resumes where a process was killed', async () => {
    const name = 'train/00000.tar';
    const BLOCK = 256 * 1024;
    const large = { [name]: Buffer.concat([shards[name]!, shards[name]!, shards[name]!]) };
    const server = await serve(
      { trouble: (_, request) => (request === 1 ? { kind: 'stall', after: 2.5 * BLOCK } : undefined) },
      large,
    );
    const cacheRoot = folder();
    const address = `${server.url}/${name}`;
    const program = `const { openRemote } = await import('@medbench/remote');
      const remote = openRemote({ cacheRoot: ${JSON.stringify(cacheRoot)} });
      const { size, stamp } = await remote.stamp('${address}');
      await remote.read('${address}', 0, size, stamp);`;
    const cwd = join(repository, 'tests');
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], { cwd, stdio: 'inherit' });
    const blocks = () =>
      readdirSync(cacheRoot, { recursive: true }).filter((path) => /\d{8}$/.test(String(path))).length;
    await vi.waitFor(() => expect(blocks()).toBe(2), { timeout: 20_000, interval: 20 });
    child.kill('SIGKILL');
    await once(child, 'exit');
    const remote = openRemote({ cacheRoot, ...impatient });
    const { size, stamp } = await remote.stamp(address);
    const stamped = server.requests.length;
    expect(Buffer.from(await remote.read(address, 0, size, stamp)).equals(large[name]!)).toBe(true);
    // A request that a busy machine does not answer in time is followed by another one.
    expect(server.requests[stamped]!.range).toBe(`bytes=${2 * BLOCK}-${size - 1}`);
  });

  it('never leaves a pair out because the server is away', async () => {
    const server = await serve();
    const remote = openRemote({ cacheRoot: folder(), ...impatient, tries: 2 });
    const pairs = await webDataset(`${server.url}/train/00000.tar`, { remote, skipBad: true });
    expect(pairs.length).toBe(PER_SHARD);
    const broken = openRemote({ cacheRoot: folder(), ...impatient, tries: 2 });
    const down = await serve({ trouble: (_, request) => (request > 0 ? { kind: 'status', status: 503 } : undefined) });
    await expect(webDataset(`${down.url}/train/00000.tar`, { remote: broken, skipBad: true })).rejects.toMatchObject({
      code: 'network',
      message: expect.stringMatching(/00000\.tar cannot be fetched/),
    });
  });
});

describe('corpora on the hub', () => {
  const context = (settings: Record<string, unknown>, corpus: new () => object): DataContext =>
    testContext({
      ...{ dataRoot: join(root, 'disk'), cacheRoot: folder() },
      settings: resolveSettings('corpusSettings', corpusInfo(new corpus()), settings as never),
    });
  const hub = async (files: Readonly<Record<string, Uint8Array>>, options: FileServerOptions = {}) => {
    const server = await serve(options, files);
    vi.stubEnv('HF_ENDPOINT', server.url);
    return server;
  };

  it('have the fingerprint and the keys of the same shards on disk', async () => {
    await hub(shards);
    const near = context({ shards: 'train' }, WebDatasetCorpus);
    const far = context({ shards: 'hf://datasets/lab/pairs/train/*.tar' }, WebDatasetCorpus);
    const [disk, remote] = [await new WebDatasetCorpus().open(near), await new WebDatasetCorpus().open(far)];
    expect(remote.fingerprint).toBe(disk.fingerprint);
    expect(remote.pairs.length).toBe(SHARDS * PER_SHARD);
    const keyed = [near, far].map((one) => keyedSettings(corpusInfo(new WebDatasetCorpus()), one.settings));
    expect(keyed[0]).toEqual(keyed[1]);
    expect(keyed[0]).toMatchObject({ shards: 'webdataset' });
  });

  it('are labelled as generated if they are', async () => {
    const generated = { ...shards, 'train/GENERATED.txt': Buffer.from('phantoms') };
    const settings = { shards: 'hf://datasets/lab/pairs/train/0000{0,1}.tar' };
    await hub(shards);
    expect((await new WebDatasetCorpus().open(context(settings, WebDatasetCorpus))).synthetic).toBe(false);
    await hub(generated);
    expect((await new WebDatasetCorpus().open(context(settings, WebDatasetCorpus))).synthetic).toBe(true);
  });

  const png = () => encodePng(phantomCase(0, 'train', 1).render(32));

  it('Open-PMC: captions in a field of the .jsonl members', async () => {
    const image = await png();
    const member = (key: string, fields: object) => [
      tarMember(`${key}.jpg`, image),
      tarMember(`${key}.jsonl`, Buffer.from(`${JSON.stringify({ PMC_ID: 'PMC1', image: `${key}.jpg`, ...fields })}\n`)),
    ];
    const tar = Buffer.concat([
      ...member('train-0000-000000', { sub_caption: 'A chest.', intext_refs: [], intext_refs_summary: '' }),
      ...member('train-0000-000001', { sub_caption: 'A hand.', caption: 'A hand and a chest.' }),
      tarEnd(),
    ]);
    await hub({ 'train-0000.tar': tar, 'train-0001.tar': tar });
    const shards = 'hf://datasets/lab/pairs/train-*.tar';
    const { pairs } = await new OpenPmc().open(context({ shards }, OpenPmc));
    expect(await readCaptions(pairs)).toEqual(['A chest.', 'A hand.', 'A chest.', 'A hand.']);
    expect((await new OpenPmc().open(context({ shards, first: 1 }, OpenPmc))).pairs.length).toBe(2);
    await expect(new OpenPmc().open(context({ shards, caption: 'caption' }, OpenPmc))).rejects.toThrow(
      /train-0000\.tar: the sample of train-0000-000000\.jpg has no text in "caption" of its \.jsonl/,
    );
  });

  it('BIOMEDICA: subsets in folders, and the folder on disk where there is one', async () => {
    const image = await png();
    const tar = (caption: string) =>
      Buffer.concat([
        tarMember('0-PMC1-0-fig1.jpg', image),
        tarMember('0-PMC1-0-fig1.txt', Buffer.from(caption)),
        tarMember('0-PMC1-0-fig1.json', Buffer.from('{"article_license":"CC BY"}')),
        tarEnd(),
      ]);
    for (const subset of ['commercial', 'noncommercial', 'other']) {
      mkdirSync(join(root, 'disk/biomedica', subset), { recursive: true });
      writeFileSync(join(root, 'disk/biomedica', subset, '0_2000000000.tar'), tar(subset));
    }
    const captions = async (settings: object) => {
      const { pairs } = await new Biomedica().open(context({ ...settings }, Biomedica));
      return readCaptions(pairs);
    };
    expect(await captions({})).toEqual(['commercial']);
    expect(await captions({ subset: 'all', first: 0 })).toEqual(['commercial', 'noncommercial', 'other']);
    await hub({ 'commercial/0_2000000000.tar': tar('far'), 'commercial/0_2000000001.tar': tar('farther') });
    const shards = 'hf://datasets/lab/pairs/commercial/**/*.tar';
    expect(await captions({ shards })).toEqual(['far', 'farther']);
    expect(await captions({ shards, first: 1 })).toEqual(['far']);
  });

  it('Parquet: two columns of groups by ranges, the same as from disk', async () => {
    const path = new URL('../packages/formats/fixtures/parquet/', import.meta.url);
    const files = ['train-00000-of-00002.parquet', 'train-00001-of-00002.parquet'];
    const contents = Object.fromEntries(files.map((file) => [`data/${file}`, readFileSync(new URL(file, path))]));
    mkdirSync(join(root, 'disk/parquet'), { recursive: true });
    for (const file of files) writeFileSync(join(root, 'disk/parquet', file), contents[`data/${file}`]!);
    const settings = { image: 'image', caption: 'question' };
    const disk = await new ParquetCorpus().open(context(settings, ParquetCorpus));
    await hub(contents, { trouble: faulty });
    const far = { ...settings, files: 'hf://datasets/lab/pairs/data/*.parquet' };
    const remote = await new ParquetCorpus().open(context(far, ParquetCorpus));
    expect(remote.fingerprint).toBe(disk.fingerprint);
    expect(remote.pairs.order!(1, 2)).toEqual(disk.pairs.order!(1, 2));
    let pairs = 0;
    for (const index of disk.pairs.order!(1, 2)) {
      const [far, near] = [await read(remote.pairs, index), await read(disk.pairs, index)];
      // Only the table is remote: of the files beside it, a row may name one on disk.
      if (near === 'beside.png is not there') expect(far).toMatch(/row \d+ has no image in "image"/);
      else expect(far).toEqual(near);
      if (Array.isArray(near)) pairs++;
    }
    expect(pairs).toBeGreaterThan(5);
  });
});

/** A pair's bytes and caption, or the message of why there is none. */
async function read(pairs: OpenedCorpus['pairs'], index: number) {
  try {
    const { bytes, caption } = await pairs.encoded!(index);
    return [createHash('sha256').update(bytes).digest('hex'), caption];
  } catch (error) {
    return (error as Error).message.replace(/^.*\/data\/|^.*\/parquet\//, '');
  }
}

const readCaptions = (pairs: OpenedCorpus['pairs']) =>
  Promise.all(Array.from({ length: pairs.length }, async (_, i) => (await pairs.encoded!(i)).caption));
