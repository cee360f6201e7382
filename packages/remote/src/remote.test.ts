import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BLOCK_BYTES, BlockCache } from './cache/blocks.js';
import { openRemote, type RemoteOptions } from './index.js';
import { type FileServer, type FileServerOptions, serveFiles, type Trouble } from './testing/index.js';

let cacheRoot: string;
let servers: FileServer[];
let waits: number[];
beforeEach(() => {
  cacheRoot = mkdtempSync(join(tmpdir(), 'medbench-remote-'));
  servers = [];
  waits = [];
});
afterEach(async () => {
  await Promise.all(servers.map((server) => server.close()));
  rmSync(cacheRoot, { recursive: true });
});

/** Bytes that differ from block to block. */
const content = Buffer.alloc(5 * BLOCK_BYTES + 1000);
for (let i = 0; i < content.length; i += 4) content.writeUInt32LE((i * 2_654_435_761) % 2 ** 32, i);
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

async function serve(options: FileServerOptions = {}, files = { 'a/x.tar': content } as Record<string, Uint8Array>) {
  const server = await serveFiles(files, options);
  servers.push(server);
  return server;
}
const open = (options: Partial<RemoteOptions> = {}) =>
  openRemote({
    ...{ cacheRoot, cacheBytes: 2 ** 30, environment: {}, idleMs: 300, spread: () => 0.5 },
    wait: async (ms) => waits.push(ms),
    ...options,
  });
/** Reads a whole file. */
async function readAll(remote: ReturnType<typeof open>, address: string): Promise<Buffer> {
  const { size, stamp } = await remote.stamp(address);
  return Buffer.from(await remote.read(address, 0, size, stamp));
}
/** Vitest compares buffers byte by byte, which takes seconds. */
const same = (read: Uint8Array, expected: Uint8Array): boolean => Buffer.compare(read, expected) === 0;
/** Goes wrong in these ways with the requests from the second on: the first asks for length and version. */
const inTurn =
  (...troubles: readonly (Trouble | undefined)[]) =>
  (_: string, request: number) =>
    troubles[request - 1];

describe('files of a web server', () => {
  it('are read by ranges, and a second time from the disk', async () => {
    const { url, requests } = await serve();
    const address = `${url}/a/x.tar`;
    const remote = open();
    const { stamp, size } = await remote.stamp(address);
    expect(size).toBe(content.length);
    const from = 2 * BLOCK_BYTES - 10;
    expect(Buffer.from(await remote.read(address, from, 30, stamp))).toEqual(content.subarray(from, from + 30));
    expect(requests.map(({ range }) => range)).toEqual(['bytes=0-0', `bytes=${BLOCK_BYTES}-${3 * BLOCK_BYTES - 1}`]);
    // What is there already is left out: two runs around it.
    expect(same(await readAll(remote, address), content)).toBe(true);
    expect(requests.slice(2).map(({ range }) => range)).toEqual([
      `bytes=0-${BLOCK_BYTES - 1}`,
      `bytes=${3 * BLOCK_BYTES}-${content.length - 1}`,
    ]);
    expect(same(await readAll(open(), address), content)).toBe(true);
    expect(requests.length).toBe(5);
  });

  it('are fetched once by readers at the same time', async () => {
    const { url, requests } = await serve();
    const remote = open();
    const all = await Promise.all(Array.from({ length: 10 }, () => readAll(remote, `${url}/a/x.tar`)));
    for (const read of all) expect(same(read, content)).toBe(true);
    expect(requests.length).toBe(2);
  });

  it.each<[string, readonly Trouble[], readonly number[]]>([
    [
      'answers 503 and 429',
      [
        { kind: 'status', status: 503 },
        { kind: 'status', status: 429 },
      ],
      [500, 1000],
    ],
    ['asks to wait', [{ kind: 'status', status: 503, retryAfter: '7' }], [7000]],
    ['asks to wait for an hour', [{ kind: 'status', status: 429, retryAfter: '3600' }], [60_000]],
    [
      'asks to wait until a date',
      [{ kind: 'status', status: 503, retryAfter: new Date(Date.now() + 3_600_000).toUTCString() }],
      [60_000],
    ],
    ['is silent', [{ kind: 'silent' }], [500]],
    ['stops sending', [{ kind: 'stall', after: 1000 }], [500]],
    ['sends other bytes', [{ kind: 'wrong-range' }], [500]],
    [
      'closes the connection',
      [
        { kind: 'cut', after: 0 },
        { kind: 'cut', after: 100 },
      ],
      [500, 1000],
    ],
  ])('are read although the server %s', async (_, troubles, expected) => {
    const { url } = await serve({ trouble: inTurn(...troubles) });
    expect(same(await readAll(open(), `${url}/a/x.tar`), content)).toBe(true);
    expect(waits).toEqual(expected);
  });

  it('resume from where the connection was cut, as often as something arrives', async () => {
    const cut = { kind: 'cut', after: BLOCK_BYTES + 5 } as const;
    const { url, requests } = await serve({ trouble: inTurn(cut, cut, cut, cut, cut) });
    expect(same(await readAll(open({ tries: 2 }), `${url}/a/x.tar`), content)).toBe(true);
    const starts = requests.slice(1).map(({ range }) => Number(/=(\d+)/.exec(range!)![1]) / BLOCK_BYTES);
    expect(starts).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('keep what has arrived when the tries are used up, and say what to do', async () => {
    const trouble = (_: string, request: number): Trouble | undefined =>
      request === 1
        ? { kind: 'cut', after: 3 * BLOCK_BYTES }
        : request > 1
          ? { kind: 'status', status: 503 }
          : undefined;
    const broken = await serve({ trouble });
    const address = `${broken.url}/a/x.tar`;
    const error = await readAll(open({ tries: 3 }), address).catch((caught: unknown) => caught);
    expect(error).toMatchObject({
      code: 'network',
      message: `${address} cannot be fetched: the server answers 503, 3 times in a row`,
      hint: expect.stringContaining('the same command resumes from there'),
    });
    expect(waits).toEqual([500, 1000]);
    await broken.close();
    // The server is back, with the same file under the same address.
    servers = servers.filter((server) => server !== broken);
    const blocks = new BlockCache(join(cacheRoot, 'remote/blocks'), 2 ** 30);
    const [[key]] = [
      readdirSync(join(cacheRoot, 'remote/blocks')).flatMap((part) =>
        readdirSync(join(cacheRoot, 'remote/blocks', part)),
      ),
    ];
    for (const block of [0, 1, 2]) {
      const expected = content.subarray(block * BLOCK_BYTES, (block + 1) * BLOCK_BYTES);
      expect(same((await blocks.read(key!, block))!, expected)).toBe(true);
    }
  });

  it.each([
    [404, /x\.tar is not there \(the server answers 404\)/],
    [401, /x\.tar: the server refuses access \(401\)/],
    [403, /x\.tar: the server refuses access \(403\)/],
  ])('are not asked for again after %i', async (status, message) => {
    const { url, requests } = await serve({ trouble: () => ({ kind: 'status', status }) });
    await expect(open().stamp(`${url}/a/x.tar`)).rejects.toThrow(message);
    expect(requests.length).toBe(1);
  });

  it('that change while they are read end the run', async () => {
    let version = '"1"';
    const { url } = await serve({ etag: () => version });
    const remote = open();
    const { stamp } = await remote.stamp(`${url}/a/x.tar`);
    await remote.read(`${url}/a/x.tar`, 0, 10, stamp);
    version = '"2"';
    await expect(remote.read(`${url}/a/x.tar`, 3 * BLOCK_BYTES, 10, stamp)).rejects.toMatchObject({
      code: 'network',
      message: expect.stringMatching(/x\.tar has changed while it was in use/),
    });
    expect((await open().stamp(`${url}/a/x.tar`)).stamp).not.toBe(stamp);
  });

  it('come whole from a server without ranges, if the cache has room', async () => {
    const { url, requests } = await serve({ ranges: false, trouble: inTurn({ kind: 'cut', after: 4 * BLOCK_BYTES }) });
    const remote = open();
    const { stamp } = await remote.stamp(`${url}/a/x.tar`);
    expect(same(await remote.read(`${url}/a/x.tar`, 5, 10, stamp), content.subarray(5, 15))).toBe(true);
    expect(same(await readAll(remote, `${url}/a/x.tar`), content)).toBe(true);
    const before = requests.length;
    expect(same(await readAll(open(), `${url}/a/x.tar`), content)).toBe(true);
    expect(requests.length).toBe(before + 1);
    const small = open({ cacheRoot: join(cacheRoot, 'small'), cacheBytes: content.length });
    await expect(readAll(small, `${url}/a/x.tar`)).rejects.toThrow(
      `sends only whole files, and the cache has no room for ${content.length} bytes`,
    );
  });

  it('are in the cache for a time without a server', async () => {
    const server = await serve();
    const address = `${server.url}/a/x.tar`;
    await readAll(open(), address);
    await server.close();
    servers = [];
    const lines: string[] = [];
    expect(same(await readAll(open({ log: (line) => lines.push(line) }), address), content)).toBe(true);
    expect(lines).toEqual([`${address}: the server does not answer; using what is in the cache`]);
  });

  it('are refused at addresses that hold secrets, and as folders', async () => {
    const remote = open();
    for (const address of ['https://me:pa55@host/x.tar', 'https://host/x.tar?X-Amz-Signature=abc']) {
      const error = await remote.list(address, '.tar').catch((caught: unknown) => caught);
      expect(error).toMatchObject({ code: 'config' });
      expect(String(error)).not.toMatch(/pa55|abc/);
    }
    await expect(remote.list('https://host/folder/', '.tar')).rejects.toThrow(/is a folder/);
    await expect(remote.list('s3://bucket/x.tar', '.tar')).rejects.toThrow(/only https/);
  });
});

describe('files of the hub', () => {
  const files = {
    'train-0000.tar': content,
    'train-0001.tar': content.subarray(0, 1000),
    'data/a/x.parquet': content.subarray(5, 500),
    'README.md': Buffer.from('text'),
  };
  const NAME = `hf://datasets/lab/pairs@${'c'.repeat(40)}`;

  it('are listed by folder and pattern at a commit, and identified by their SHA-256', async () => {
    const { url, requests } = await serve({}, files);
    const remote = open({ environment: { HF_ENDPOINT: `${url}/` } });
    const shards = [`${NAME}/train-0000.tar`, `${NAME}/train-0001.tar`];
    for (const address of ['hf://datasets/lab/pairs', 'hf://datasets/lab/pairs@main/train-*.tar']) {
      expect(await remote.list(address, '.tar')).toEqual(shards);
    }
    expect(await remote.list('hf://datasets/lab/pairs/**/*.parquet', '.parquet')).toEqual([`${NAME}/data/a/x.parquet`]);
    expect(await remote.list('hf://datasets/lab/pairs/data/a', '.parquet')).toEqual([`${NAME}/data/a/x.parquet`]);
    expect(await remote.text(`${NAME}/README.md`)).toBe('text');
    expect(await remote.text(`${NAME}/sizes.json`)).toBeUndefined();
    expect(await remote.contents(shards)).toEqual([
      { path: 'train-0000.tar', size: content.length, content: sha256(content) },
      { path: 'train-0001.tar', size: 1000, content: sha256(content.subarray(0, 1000)) },
    ]);
    // One question for the commit, then one for each folder; the contents cost none.
    expect(requests.filter(({ path }) => path.startsWith('api')).length).toBeLessThanOrEqual(4);
    await expect(remote.list('hf://datasets/lab/pairs/valid-*.tar', '.tar')).rejects.toThrow(/names no file/);
    await expect(remote.list('hf://datasets/lab/other', '.tar')).rejects.toThrow(/lab\/other on the hub is not there/);
    await expect(remote.list('hf://lab/pairs', '.tar')).rejects.toThrow(/is not an address of data on the hub/);
  });

  it('are read with the token, which goes nowhere else', async () => {
    const store = await serve({}, files);
    const { url, requests } = await serve({ token: 'hf_planted', redirect: (name) => `${store.url}/${name}` }, files);
    const environment = { HF_ENDPOINT: url, HF_TOKEN: 'hf_planted' };
    const remote = open({ environment });
    const [first] = await remote.list('hf://datasets/lab/pairs', '.tar');
    expect(same(await readAll(remote, first!), content)).toBe(true);
    expect(requests.every(({ authorization }) => authorization === 'Bearer hf_planted')).toBe(true);
    expect(store.requests.length).toBeGreaterThan(0);
    expect(store.requests.every(({ authorization }) => authorization === undefined)).toBe(true);
    for (const wrong of [{ HF_ENDPOINT: url }, { HF_ENDPOINT: url, HF_TOKEN: 'hf_wrong' }]) {
      const error = await open({ environment: wrong })
        .list('hf://datasets/lab/pairs', '.tar')
        .catch((caught) => caught);
      expect(error).toMatchObject({ code: 'network', hint: expect.stringContaining('HF_TOKEN') });
      expect(`${error} ${error.hint}`).not.toContain('hf_wrong');
    }
  });

  it('are found again without a network', async () => {
    const { url } = await serve({}, files);
    const online = open({ environment: { HF_ENDPOINT: url } });
    const [first, second] = await online.list('hf://datasets/lab/pairs', '.tar');
    await readAll(online, first!);
    const offline = open({ environment: { HF_ENDPOINT: url, HF_HUB_OFFLINE: '1' } });
    expect(await offline.list('hf://datasets/lab/pairs', '.tar')).toEqual([first, second]);
    expect(same(await readAll(offline, first!), content)).toBe(true);
    await expect(readAll(offline, second!)).rejects.toThrow(/not in the cache, and HF_HUB_OFFLINE is set/);
  });
});

describe('the cache on disk', () => {
  const block = (value: number): Uint8Array => new Uint8Array(1000).fill(value);
  const key = 'ab'.repeat(20);

  it('removes what was used least recently, and takes damaged blocks for missing', async () => {
    const cache = new BlockCache(cacheRoot, 10_000);
    for (let i = 0; i < 9; i++) {
      await cache.write(key, i, block(i));
      const path = join(cacheRoot, 'ab', key, String(i).padStart(8, '0'));
      utimesSync(path, i === 0 ? 1000 : i, i === 0 ? 1000 : i);
    }
    // Another process filled the rest.
    mkdirSync(join(cacheRoot, 'cd'));
    writeFileSync(join(cacheRoot, 'cd', 'other'), new Uint8Array(900));
    for (const i of [9, 10]) await cache.write(key, i, block(i));
    expect(await cache.read(key, 1)).toBeUndefined();
    expect(await cache.read(key, 0)).toEqual(block(0));
    expect(await cache.read(key, 10)).toEqual(block(10));
    const path = join(cacheRoot, 'ab', key, '00000010');
    const bytes = readFileSync(path);
    bytes[500] = 7;
    writeFileSync(path, bytes);
    expect(await cache.read(key, 10)).toBeUndefined();
    writeFileSync(path, bytes.subarray(0, 10));
    expect(await cache.read(key, 10)).toBeUndefined();
  });

  it('is shared by processes that read and remove at the same time', async () => {
    const { url } = await serve();
    const remotes = [0, 1, 2].map(() => open({ cacheBytes: 3 * BLOCK_BYTES }));
    const reads = remotes.flatMap((remote) => [readAll(remote, `${url}/a/x.tar`), readAll(remote, `${url}/a/x.tar`)]);
    for (const read of await Promise.all(reads)) expect(same(read, content)).toBe(true);
  });

  it('may be smaller than what is read', async () => {
    const { url } = await serve();
    const remote = open({ cacheBytes: 2 * BLOCK_BYTES });
    for (let i = 0; i < 2; i++) expect(same(await readAll(remote, `${url}/a/x.tar`), content)).toBe(true);
  });
});
