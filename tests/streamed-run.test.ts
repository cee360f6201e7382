// A whole run on shards of the hub, continued on their copies on disk.
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tarEnd, tarMember } from '@medbench/formats';
import { serveFiles } from '@medbench/remote/testing';
import { afterAll, expect } from 'vitest';
import { medbench, TINY, temporaryFolder } from './support/cli.js';
import { nightly } from './support/full.js';
import { providePhantoms } from './support/phantoms.js';

const folder = temporaryFolder('streamed-run');
afterAll(() => folder.dispose());

nightly(
  'a run on shards of the hub is done for the same shards on disk',
  async () => {
    const cwd = folder.path;
    await providePhantoms(join(cwd, '.medbench'));
    cpSync(join(cwd, '.medbench/phantoms/roco'), join(cwd, 'data/roco'), { recursive: true });
    const images = join(cwd, 'data/roco/data/train/radiology/images');
    const files = readdirSync(images).filter((name) => !name.startsWith('.'));
    const shard = (names: readonly string[]): Uint8Array =>
      Buffer.concat([
        ...names.flatMap((name, i) => [
          tarMember(`${i}.jpg`, readFileSync(join(images, name))),
          tarMember(`${i}.txt`, Buffer.from(`figure ${name.replace(/\D/g, '')}`)),
        ]),
        tarEnd(),
      ]);
    const shards: Record<string, Uint8Array> = { 'GENERATED.txt': Buffer.from('phantoms') };
    for (let from = 0; from < files.length; from += 5) shards[`${from}.tar`] = shard(files.slice(from, from + 5));
    const server = await serveFiles(shards);
    const run = (...args: string[]) =>
      medbench(
        [
          ...['run', '--methods=clip-scratch', '--tasks=roco-retrieval', '--data=data', '--out=out', '--jobs=1'],
          ...['--set=corpora=["webdataset"]', '--set=controls=[]', '--set=model.merges=500', ...TINY, ...args],
        ],
        { cwd, env: { HF_ENDPOINT: server.url } },
      );
    const far = await run('--set=corpusSettings.webdataset.shards=hf://datasets/lab/pairs/*.tar');
    expect(far.code, far.stderr).toBe(0);
    expect(far.stderr).toContain('train clip-scratch: done in');
    await server.close();
    mkdirSync(join(cwd, 'data/webdataset'));
    for (const [name, bytes] of Object.entries(shards)) writeFileSync(join(cwd, 'data/webdataset', name), bytes);
    const near = await run();
    expect(near.code, near.stderr).toBe(0);
    expect(near.stderr).toContain('train clip-scratch: already done');
    expect(near.stderr).toMatch(/clip-scratch \/ roco-retrieval .*\(reused\)/);
  },
  600_000,
);
