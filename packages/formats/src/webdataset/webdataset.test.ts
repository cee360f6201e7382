import { createHash } from 'node:crypto';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import type { RasterImage } from '@medbench/core';
import { encodePng } from '@medbench/data';
import { afterAll, describe, expect, it } from 'vitest';
import { tarEnd, tarMember } from '../archives/tar-write.js';
import { webDataset } from './webdataset.js';

type Sample = readonly [key: string, suffix: string, sha: string, caption: string];
const stored = JSON.parse(readFileSync(new URL('../../fixtures/webdataset.json', import.meta.url), 'utf8')) as Record<
  string,
  { tar: string; samples: Sample[] }
>;
const shard = (name: string): Uint8Array => inflateSync(Buffer.from(stored[name]!.tar, 'base64'));
const root = mkdtempSync(join(tmpdir(), 'medbench-shards-'));
afterAll(() => rmSync(root, { recursive: true }));
const writeFolder = (name: string, files: Readonly<Record<string, Uint8Array | string>>): string => {
  const folder = join(root, name);
  mkdirSync(folder, { recursive: true });
  for (const [file, bytes] of Object.entries(files)) writeFileSync(join(folder, file), bytes);
  return folder;
};
const sha = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const grey = (level: number): RasterImage => ({
  width: 4,
  height: 4,
  channels: 1,
  data: new Uint8Array(16).fill(level),
});
const png = await encodePng(grey(9));
const text = (value: string): Uint8Array => Buffer.from(value);
const tar = (...members: (readonly [string, Uint8Array])[]): Uint8Array =>
  Buffer.concat([...members.map(([name, bytes]) => tarMember(name, bytes)), tarEnd()]);
const sample = (key: string, caption = key, image = png) =>
  [
    [`${key}.png`, image],
    [`${key}.txt`, text(caption)],
  ] as const;

describe('webDataset', () => {
  it.each(Object.keys(stored))('finds in the %s shard the samples that Python finds', async (name) => {
    const folder = writeFolder(`python-${name}`, { '0.tar': shard(name) });
    const pairs = await webDataset(folder);
    const actual = await Promise.all(
      Array.from({ length: pairs.length }, async (_, i) => {
        const { bytes, caption } = await pairs.encoded!(i);
        return [sha(bytes), caption];
      }),
    );
    expect(actual).toEqual(stored[name]!.samples.map(([, , hash, caption]) => [hash, caption]));
    expect(actual.length).toBeGreaterThan(1);
    const { image } = await pairs.get(1);
    expect([image.width, image.height]).toEqual([8, 6]);
  });

  it('takes the caption from a field of the sample’s json', async () => {
    const folder = writeFolder('json', { '0.tar': shard('webdataset') });
    const pairs = await webDataset(folder, { captionField: 'caption' });
    expect((await pairs.get(2)).caption).toBe(stored.webdataset!.samples[2]![3]);
    await expect((await webDataset(folder, { captionField: 'width' })).get(0)).rejects.toThrow(
      /0\.tar: the sample of 00000\..* has no text in "width"/,
    );
  });

  it('expands ranges and joins sources, in order and with repetition', async () => {
    const folder = writeFolder('range', {
      'a-00.tar': tar(...sample('0'), ...sample('1')),
      'a-01.tar': tar(...sample('2')),
      'b.tar': tar(...sample('3')),
    });
    const captions = async (spec: string): Promise<string[]> => {
      const pairs = await webDataset(spec);
      return Promise.all(Array.from({ length: pairs.length }, async (_, i) => (await pairs.get(i)).caption));
    };
    expect(await captions(join(folder, 'a-{00..01}.tar'))).toEqual(['0', '1', '2']);
    expect(await captions(`${folder}/b.tar::${folder}/{a-01,b}.tar`)).toEqual(['3', '2', '3']);
    expect(await captions(folder)).toEqual(['0', '1', '2', '3']);
    await expect(captions(join(folder, 'a-{00..02}.tar'))).rejects.toThrow(/a-02\.tar is not there/);
    await expect(captions(`${folder}::`)).rejects.toMatchObject({ code: 'config' });
    await expect(captions('https://example.org/{0..9}.tar')).rejects.toMatchObject({ code: 'config' });
    await expect(captions('pipe:cat x.tar')).rejects.toMatchObject({ code: 'config' });
    await expect(captions('{0..99999999}.tar')).rejects.toMatchObject({ code: 'config' });
    await expect(captions(writeFolder('empty', {}))).rejects.toThrow(/holds no file that ends in \.tar/);
  });

  it('compares its sample counts with sizes.json and __len__', async () => {
    const two = tar(...sample('0'), ...sample('1'));
    expect(
      (await webDataset(writeFolder('counted', { 'a.tar': two, 'sizes.json': '{"a.tar": 2}', __len__: '2\n' }))).length,
    ).toBe(2);
    await expect(webDataset(writeFolder('sizes', { 'a.tar': two, 'sizes.json': '{"a.tar": 3}' }))).rejects.toThrow(
      /a\.tar holds 2 samples, where sizes\.json says 3/,
    );
    await expect(webDataset(writeFolder('len', { 'a.tar': two, __len__: '9' }))).rejects.toThrow(/__len__ says 9/);
    await expect(webDataset(writeFolder('bad-len', { 'a.tar': two, __len__: 'x' }))).rejects.toThrow(
      /__len__ holds an invalid count/,
    );
  });

  it('names shard and member of a broken sample, or leaves it out, counted and listed', async () => {
    const folder = writeFolder('broken', {
      '0.tar': tar(
        ...sample('a'),
        ['b.txt', text('no image')],
        ['c.png', png],
        ...sample('d', 'secret report', png.slice(0, 40)),
        ...sample('e', '  '),
        ...sample('f'),
      ),
    });
    await expect(webDataset(folder)).rejects.toThrow(/0\.tar: the sample of b\.txt has no image/);
    const pairs = await webDataset(folder, { skipBad: true });
    expect(pairs.length).toBe(4);
    const captions = [];
    for (let i = 0; i < 4; i++) captions.push((await pairs.get(i)).caption);
    expect(captions).toEqual(['a', 'f', 'f', 'f']);
    expect(pairs.bad.count).toBe(4);
    expect(pairs.bad.list.join('\n')).toMatch(
      /b\.txt has no image[\s\S]*c\.png has no caption[\s\S]*d\.png cannot be decoded[\s\S]*e\.png has an empty/,
    );
    expect(pairs.bad.list.join('\n')).not.toContain('secret');
    // The fault is found again in the next epoch, but not counted again.
    await pairs.get(1);
    expect(pairs.bad.count).toBe(4);
  });

  it('reads the members of all archives that were joined to one file', async () => {
    const two = Buffer.concat([tar(...sample('a'), ...sample('b')), tar(...sample('c'))]);
    const pairs = await webDataset(writeFolder('joined', { '0.tar': two }));
    const captions = await Promise.all([0, 1, 2].map(async (i) => (await pairs.get(i)).caption));
    expect([pairs.length, captions]).toEqual([3, ['a', 'b', 'c']]);
    const rest = Buffer.concat([tar(...sample('a')), Buffer.alloc(2048), text('something else '.repeat(50))]);
    await expect(webDataset(writeFolder('rest', { '0.tar': rest }))).rejects.toThrow(/0\.tar: no header/);
    expect((await webDataset(join(root, 'rest'), { skipBad: true })).length).toBe(1);
  });

  it('passes over hidden files beside the shards', async () => {
    const hidden = { '._0.tar': Buffer.from([0, 5, 22, 7]), '.DS_Store': text('x') };
    expect((await webDataset(writeFolder('hidden', { '0.tar': tar(...sample('a')), ...hidden }))).length).toBe(1);
  });

  it('says why members do not form samples: dots in their names, or an order by suffix', async () => {
    const dots = writeFolder('dots', { '0.tar': tar(...sample('1.2.840.0'), ...sample('1.2.840.1')) });
    await expect(webDataset(dots)).rejects.toThrow(
      /1\.2\.840\.0\.png has no image .*: its name ends at the first dot, so that its suffix is "2\.840\.0\.png"/,
    );
    const [[image, bytes], [caption, words]] = sample('a');
    const apart = writeFolder('apart', { '0.tar': tar([image, bytes], ['b.png', png], [caption, words]) });
    await expect(webDataset(apart)).rejects.toMatchObject({
      message: expect.stringMatching(
        /a\.png has no caption \(\.txt\) beside it: the members of a sample must lie together/,
      ),
      hint: expect.stringContaining('tar --sort=name'),
    });
  });

  it('caches the index, and makes it again when the shard or the cached file has changed', async () => {
    const cacheFolder = join(root, 'index');
    const folder = writeFolder('kept', { '0.tar': tar(...sample('a'), ...sample('b')) });
    expect((await webDataset(folder, { cacheFolder })).length).toBe(2);
    const [indexName] = readdirSync(cacheFolder);
    const file = join(cacheFolder, indexName!);
    const bytes = readFileSync(file);
    expect((await webDataset(folder, { cacheFolder })).length).toBe(2);
    // A cached index with a wrong checksum is not used.
    const damaged = Buffer.from(bytes);
    damaged[damaged.length - 1]! ^= 1;
    writeFileSync(file, damaged);
    expect((await (await webDataset(folder, { cacheFolder })).get(1)).caption).toBe('b');
    writeFileSync(join(folder, '0.tar'), tar(...sample('c'), ...sample('d'), ...sample('e')));
    utimesSync(join(folder, '0.tar'), 1, 1);
    const pairs = await webDataset(folder, { cacheFolder });
    expect((await pairs.get(2)).caption).toBe('e');
  });

  it('notices a shard that changes between opening and reading', async () => {
    const folder = writeFolder('changed', { '0.tar': tar(...sample('a'), ...sample('b')) });
    const pairs = await webDataset(folder);
    writeFileSync(join(folder, '0.tar'), tar(...sample('longer-name', 'x'.repeat(3000)), ...sample('b')));
    await expect(pairs.get(0)).rejects.toThrow(/0\.tar has changed/);
    await expect(pairs.get(0)).rejects.toThrow(/0\.tar has changed/);
  });
});

/** A header with some fields replaced and a correct checksum. */
function forged(
  name: string,
  fields: Readonly<Record<number, string | Uint8Array>>,
  body: Uint8Array = new Uint8Array(0),
): Uint8Array {
  const member = Buffer.from(tarMember(name, body));
  for (const [offset, value] of Object.entries(fields)) Buffer.from(value).copy(member, Number(offset));
  member.write('        ', 148, 'latin1');
  const sum = member.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  member.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return member;
}

describe('hostile shards', () => {
  const good = tar(...sample('a'), ...sample('b'));
  const negative = Buffer.alloc(12, 0xff);
  const huge = Buffer.concat([Buffer.from([0x80]), Buffer.alloc(11, 0x7f)]);
  it.each<[string, Uint8Array, RegExp]>([
    ['an empty file', new Uint8Array(0), /cut short/],
    ['no tar', text('no archive '.repeat(200)), /no header/],
    ['gzip', Buffer.concat([Buffer.from([0x1f, 0x8b, 8]), Buffer.alloc(2000)]), /gzip/],
    ['a negative size', forged('a.png', { 124: negative }), /invalid size/],
    ['a size beyond safe integers', forged('a.png', { 124: huge }), /invalid size/],
    ['a size beyond the file', forged('a.png', { 124: '77777777777\0' }), /beyond the archive/],
    ['letters for a size', forged('a.png', { 124: 'abcdefghijk\0' }), /invalid size/],
    ['a symbolic link', forged('a.png', { 156: '2', 157: '/etc/passwd' }), /symbolic link/],
    ['a hard link', forged('a.png', { 156: '1', 157: 'b.png' }), /hard link/],
    ['a device', forged('a.png', { 156: '3' }), /device/],
    ['an unknown kind', forged('a.png', { 156: '\x01' }), /unknown kind/],
    ['a name that leads out', tar(...sample('../../etc/a')), /leads out/],
    ['an absolute name', tar(...sample('/etc/a')), /leads out/],
    ['a huge name', forged('x', { 124: '00010000000\0', 156: 'L' }, new Uint8Array(8 ** 7)), /a header of/],
    [
      'a long name without a member',
      Buffer.concat([forged('x', { 156: 'L' }, text('name')), tarEnd()]),
      /belongs to no member/,
    ],
    ['damaged attributes', Buffer.concat([forged('x', { 156: 'x' }, text('99 path=a\n')), good]), /pax/],
    [
      'a negative size in attributes',
      Buffer.concat([forged('x', { 156: 'x' }, text('11 size=-5\n')), good]),
      /invalid size/,
    ],
    [
      'a name in attributes that leads out',
      Buffer.concat([forged('x', { 156: 'x' }, text('18 path=../a.png\n\n')), good]),
      /pax|leads out/,
    ],
    ['no end marker', good.slice(0, -1024), /cut short/],
  ])('%s is an error that names the shard', async (name, bytes, message) => {
    const folder = writeFolder(`hostile-${name.replaceAll(' ', '-')}`, { 'x.tar': bytes });
    const opened = webDataset(folder);
    await expect(opened).rejects.toThrow(message);
    await expect(opened).rejects.toMatchObject({ code: 'data', message: expect.stringContaining('x.tar') });
  });

  it('give an error when cut anywhere or, if bad data is skipped, the samples before the cut', async () => {
    const archive = shard('pax');
    const folder = writeFolder('cut', {});
    // Python pads its archives with zeros; the first block of zeros is the end marker.
    const end = Math.ceil((archive.findLastIndex((byte) => byte !== 0) + 1) / 512) * 512;
    for (let length = 0; length < end + 512; length += 389) {
      writeFileSync(join(folder, 'x.tar'), archive.subarray(0, length));
      await expect(webDataset(folder)).rejects.toMatchObject({ code: 'data' });
    }
    writeFileSync(join(folder, 'x.tar'), archive.subarray(0, end >> 1));
    const pairs = await webDataset(folder, { skipBad: true });
    expect(pairs.length).toBeGreaterThan(0);
    for (let i = 0; i < pairs.length; i++) expect((await pairs.get(i)).caption).toBe(stored.pax!.samples[i]![3]);
    expect(pairs.bad.list[0]).toMatch(/x\.tar: .*(cut short|beyond the archive)/);
  });

  it('give a typed error or pairs, whatever byte is changed', async () => {
    const archive = shard('gnu');
    const folder = writeFolder('flipped', {});
    let broken = 0;
    for (let position = 0; position < archive.length; position += 97) {
      const bytes = Buffer.from(archive);
      bytes[position]! ^= 1 << (position % 8);
      writeFileSync(join(folder, 'x.tar'), bytes);
      try {
        const pairs = await webDataset(folder);
        for (let i = 0; i < pairs.length; i++) await pairs.encoded!(i);
      } catch (error) {
        expect(error).toMatchObject({ name: 'MedbenchError', code: 'data' });
        broken++;
      }
    }
    expect(broken).toBeGreaterThan(10);
  });

  it('are refused if a shard is a folder or a broken link', async () => {
    const folder = writeFolder('odd', {});
    mkdirSync(join(folder, 'dir.tar'));
    await expect(webDataset(folder)).rejects.toMatchObject({ code: 'data' });
    symlinkSync(join(folder, 'none'), join(folder, 'gone.tar'));
    await expect(webDataset(join(folder, 'gone.tar'))).rejects.toThrow(/is not there/);
  });
});
