import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashBytes, type MedbenchError, seal } from '@medbench/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HubServer, TOKEN } from '../../test/hub-server.js';
import { openResults } from './open-results.js';
import { parseRemoteResults } from './repository.js';
import { uploadFolder } from './upload.js';

let root: string;
let hub: HubServer;
let log: string[];
const FILES = { 'results.json': '{"a":1}', 'README.md': '# x', 'scores/t.parquet': 'PAR1 scores PAR1' } as const;
const makeManifest = (files: Readonly<Record<string, string>>): string =>
  JSON.stringify(
    seal({
      ...{ format: 'medbench-results', version: 1 },
      files: Object.fromEntries(
        Object.entries(files).map(([name, text]) => [
          name,
          { bytes: text.length, sha256: hashBytes(Buffer.from(text)) },
        ]),
      ),
    }),
  );

beforeEach(async () => {
  hub = await HubServer.start();
  log = [];
  root = mkdtempSync(join(tmpdir(), 'medbench-remote-'));
  mkdirSync(join(root, 'out/scores'), { recursive: true });
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(root, 'out', name), text);
  writeFileSync(join(root, 'out/manifest.json'), makeManifest(FILES));
});
afterEach(async () => {
  await hub.stop();
  rmSync(root, { recursive: true, force: true });
});

const environment = (token: string | undefined = TOKEN) => ({ HF_ENDPOINT: hub.endpoint, HF_TOKEN: token });
const upload = (token?: string, isPublic = false) =>
  uploadFolder({
    ...{ folder: join(root, 'out'), files: [...Object.keys(FILES), 'manifest.json'], isPublic, pause: 1 },
    ...{ repository: { type: 'dataset', name: 'lab/results' }, title: 'Results', environment: environment(token) },
    log: (message) => log.push(message),
  });
const open = (source = 'hf://datasets/lab/results', more: object = {}) =>
  openResults(source, {
    ...{ environment: { ...environment(), ...more }, cacheRoot: join(root, 'cache'), pause: 1 },
    log: (message) => log.push(message),
  });
const failure = async (run: Promise<unknown>): Promise<MedbenchError> => {
  const error = await run.then(
    () => new Error('it did not fail'),
    (caught: unknown) => caught as MedbenchError,
  );
  // No error holds a token, in no field.
  const { message, stack, hint, cause } = error as MedbenchError;
  for (const text of [message, stack, hint, String(cause)]) expect(text ?? '').not.toMatch(/hf_[a-z]/);
  return error as MedbenchError;
};
/** Names of the temporary files and folders that the cache holds. */
const leftovers = () =>
  readdirSync(join(root, 'cache/results')).filter((name) => !/^([0-9a-f]{64}|revisions)$/.test(name));

describe('pushing a folder', () => {
  it('makes a private repository with exactly these bytes, and shows the token to the hub alone', async () => {
    const { commit, url } = await upload();
    expect(url).toBe(`${hub.endpoint}/datasets/lab/results/commit/${commit}`);
    const { files, large, isPrivate } = hub.repositories.get('datasets/lab/results')!;
    expect(isPrivate).toBe(true);
    expect([...files.keys()].sort()).toEqual(['README.md', 'manifest.json', 'results.json', 'scores/t.parquet']);
    for (const [name, content] of files) expect(content.equals(readFileSync(join(root, 'out', name))), name).toBe(true);
    expect([...large]).toEqual(['scores/t.parquet']);
    expect(hub.arrived.every(({ authorization }) => authorization === `Bearer ${TOKEN}`)).toBe(true);
    expect(hub.stored.map(({ authorization }) => authorization)).toEqual([undefined]);
    expect(log.join('\n')).not.toContain(TOKEN);
  });

  it('adds a commit to a repository that exists, and sends no large file twice', async () => {
    const first = await upload(TOKEN, true);
    const second = await upload();
    expect(second.commit).not.toBe(first.commit);
    expect(hub.repositories.get('datasets/lab/results')!.isPrivate).toBe(false);
    expect(hub.stored).toHaveLength(1);
  });

  it('continues after a busy server, a broken connection and an upload that was cut off', async () => {
    hub.fail(/repos\/create/, 503, { headers: { 'retry-after': '0' }, times: 2 });
    hub.fail(/^PUT/, 'cut', { times: 2 });
    hub.fail(/^POST .*\/commit\//, 429, { headers: { 'retry-after': '0' } });
    await upload();
    expect(hub.file('datasets/lab/results', 'scores/t.parquet')!.toString()).toBe(FILES['scores/t.parquet']);
    expect(log.filter((line) => line.includes('trying again'))).toHaveLength(5);
    expect(log.join('\n')).toMatch(/the server answers 503.*the connection broke.*the server answers 429/s);
    expect(log.join('\n')).not.toMatch(/SIGNED|hf_/);
  });

  it('leaves no half of a commit when the store stays broken', async () => {
    hub.fail(/^PUT/, 'cut', { times: 99 });
    expect(await failure(upload())).toMatchObject({
      code: 'store',
      message: expect.stringMatching(/^lab\/results could not be pushed: fetch failed/),
      hint: expect.stringContaining('repeat the command'),
    });
    expect(hub.repositories.get('datasets/lab/results')!.files.size).toBe(0);
  });

  it.each([
    [401, /HF_TOKEN was not accepted.*\/settings\/tokens/],
    [403, /HF_TOKEN gives no access to lab\/results/],
    [400, /The hub refused what was sent/],
    [409, /Somebody else changed the repository meanwhile/],
  ])('says the way out of an answer %i to the commit', async (status, hint) => {
    // A server that repeats the token in its message and in the address.
    hub.fail(/\/commit\//, status, { body: JSON.stringify({ error: `not with Bearer ${TOKEN}` }) });
    const error = await failure(upload());
    expect(error).toMatchObject({ code: 'store', hint: expect.stringMatching(hint) });
    expect(error.message).toContain('not with Bearer …');
  });

  it('needs a token, before it asks anything', async () => {
    const message = 'HF_TOKEN is not set';
    expect(await failure(upload(''))).toMatchObject({
      code: 'usage',
      message,
      hint: expect.stringContaining('--dry-run'),
    });
    expect(await failure(upload('password'))).toMatchObject({ message: 'HF_TOKEN is not a token of the hub' });
    expect(hub.arrived).toEqual([]);
    expect(await failure(upload('hf_wrong'))).toMatchObject({ hint: expect.stringContaining('not accepted') });
  });

  it('may use a token that makes no repositories, if the repository exists', async () => {
    await upload();
    hub.fail(/repos\/create/, 403);
    await upload();
    hub.fail(/repos\/create/, 403);
    hub.repositories.clear();
    expect(await failure(upload())).toMatchObject({ hint: expect.stringContaining('gives no access') });
  });
});

describe('reading results back', () => {
  beforeEach(async () => {
    await upload();
    hub.arrived.length = 0;
  });

  it('gives the same bytes in a folder that is named by their content, and downloads them once', async () => {
    const { folder, name } = await open();
    expect(name).toBe('lab/results');
    for (const [file, text] of Object.entries(FILES)) expect(readFileSync(join(folder, file), 'utf8')).toBe(text);
    expect(folder).toBe(join(root, 'cache/results', hashBytes(readFileSync(join(root, 'out/manifest.json')))));
    const requests = hub.arrived.length;
    expect((await open()).folder).toBe(folder);
    expect(hub.arrived.length).toBe(requests + 1);
    const commit = hub.repositories.get('datasets/lab/results')!.commit;
    expect(await open(`hf://datasets/lab/results@${commit}`)).toEqual({ folder, name: `lab/results@${commit}` });
    expect(leftovers()).toEqual([]);
  });

  it('uses the cache offline and when the hub cannot be reached, and says so', async () => {
    const { folder } = await open();
    hub.arrived.length = 0;
    expect((await open(undefined, { HF_HUB_OFFLINE: '1' })).folder).toBe(folder);
    expect(hub.arrived).toEqual([]);
    await hub.stop();
    expect((await open()).folder).toBe(folder);
    expect(log.at(-1)).toMatch(/the hub cannot be reached .*; using the cache/);
    expect(await failure(open('hf://datasets/lab/others'))).toMatchObject({ code: 'store' });
    expect(await failure(open('hf://datasets/lab/others', { HF_HUB_OFFLINE: 'yes' }))).toMatchObject({
      message: 'lab/others@main is not in the cache, and HF_HUB_OFFLINE is set',
    });
  });

  it('is refused without access, and with another revision', async () => {
    expect(await failure(open(undefined, { HF_TOKEN: '' }))).toMatchObject({ hint: expect.stringMatching(/HF_TOKEN/) });
    expect(await failure(open('hf://datasets/lab/results@v2'))).toMatchObject({
      message: expect.stringContaining('Invalid rev id'),
    });
  });

  it.each([
    [
      'a file that is not what the manifest says',
      'README.md',
      () => '# y',
      /README\.md that is not what its manifest says/,
    ],
    ['a file that is longer than the manifest says', 'README.md', () => '# xyz', /README\.md of more than 3 bytes/],
    [
      'a path outside the folder',
      'manifest.json',
      () => makeManifest({ ...FILES, '../../x.parquet': 'x' }),
      /lists "..\/..\/x.parquet"/,
    ],
    [
      'files of too many bytes',
      'manifest.json',
      () => makeManifest(FILES).replace('"bytes":7', '"bytes":9999999999'),
      /which is too much/,
    ],
    ['a manifest that is no JSON', 'manifest.json', () => '<html>', /manifest\.json that is not JSON/],
    ['no manifest', 'manifest.json', undefined, /has no manifest\.json/],
  ])('keeps nothing of %s', async (_, file, content, message) => {
    const { files } = hub.repositories.get('datasets/lab/results')!;
    if (content) files.set(file, Buffer.from(content()));
    else files.delete(file);
    expect((await failure(open())).message).toMatch(message);
    expect(leftovers()).toEqual([]);
    expect(readdirSync(join(root, 'cache/results'))).toEqual(['revisions']);
  });

  it.each([
    'hf://lab/results',
    'hf://models/lab/results',
    'hf://datasets/lab',
    'hf://datasets/../x',
    'hf://datasets/a/b@../c',
  ])('refuses %s, and says how to write it', (source) =>
    expect(() => parseRemoteResults(source)).toThrow(/does not name results on the hub/),
  );

  it('leaves a folder where it is', async () => {
    expect(await open(join(root, 'out'))).toEqual({ folder: join(root, 'out'), name: 'out' });
  });
});
