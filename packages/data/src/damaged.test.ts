import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, gunzipSync } from 'node:zlib';
import { isMedbenchError, random } from '@medbench/core';
import { afterAll, describe, expect, it } from 'vitest';
import { decodeImage } from './image.js';

const { files } = JSON.parse(
  gunzipSync(readFileSync(new URL('../fixtures/views.json.gz', import.meta.url))).toString('utf8'),
) as { files: { name: string; file: string }[] };
const sound = (name: string): Buffer => Buffer.from(files.find((file) => file.name === name)!.file, 'base64');
const folder = mkdtempSync(join(tmpdir(), 'medbench-damaged-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The message that a user would read. Fails unless the file is refused. */
async function refusal(name: string, bytes: Uint8Array): Promise<string> {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  const error = await decodeImage(path).then(
    () => undefined,
    (cause: unknown) => cause,
  );
  if (!isMedbenchError(error)) throw error ?? new Error(`${name} was decoded`);
  expect([error.code, error.hint]).toEqual(['data', expect.stringContaining('--skip-bad')]);
  expect(error.message.startsWith(`${path} cannot be decoded: `)).toBe(true);
  expect(error.message).not.toContain('\n');
  return error.message;
}

/** The same file with a header that claims 60,000 x 60,000 pixels, which would take 10 GB. */
function enormous(name: string): Buffer {
  const bytes = Buffer.from(sound(name));
  if (name.endsWith('.png')) {
    bytes.writeUInt32BE(60_000, 16);
    bytes.writeUInt32BE(60_000, 20);
    bytes.writeUInt32BE(crc32(bytes.subarray(12, 29)), 29);
  } else {
    // The frame marker (baseline or progressive) precedes two bytes of length, one of precision, then height and width.
    const frame = bytes.findIndex((byte, i) => byte === 0xff && (bytes[i + 1] === 0xc0 || bytes[i + 1] === 0xc2));
    bytes.writeUInt16BE(60_000, frame + 5);
    bytes.writeUInt16BE(60_000, frame + 7);
  }
  return bytes;
}

describe('decodeImage refuses, naming the file,', () => {
  it.each([
    'photo.jpg',
    'progressive.jpg',
    'grey.jpg',
    'cmyk.jpg',
    'xray.png',
    'xray-16.png',
    'palette.png',
    'rgba.webp',
    'xray.tif',
    'palette.gif',
  ])('%s cut short anywhere', async (name) => {
    const complete = sound(name);
    for (const share of [0, 0.001, 0.01, 0.1, 0.3, 0.5, 0.7, 0.9]) {
      await refusal(`cut-${share}-${name}`, complete.subarray(0, Math.floor(complete.length * share)));
    }
  });

  it.each(['photo.jpg', 'progressive.jpg', 'xray.png', 'xray-16.png'])(
    '%s that claims 60,000 x 60,000 pixels, without allocating memory for them',
    async (name) => {
      const memoryBefore = process.memoryUsage().rss;
      expect(await refusal(`enormous-${name}`, enormous(name))).toMatch(/pixel limit/);
      expect(process.memoryUsage().rss - memoryBefore).toBeLessThan(200 * 2 ** 20);
    },
  );

  it('files that are not images', async () => {
    await refusal('text.jpg', Buffer.from('Not found\n'));
    await refusal('page.png', Buffer.from('<!doctype html><title>404</title>'));
    await refusal('zeros.jpg', Buffer.alloc(5000));
    await refusal('empty.png', Buffer.alloc(0));
  });

  it('what sharp would render or decode beyond the documented formats', async () => {
    const filter =
      '<filter id="f" x="0" y="0" width="1" height="1"><feTurbulence numOctaves="250" baseFrequency="0.05"/></filter>';
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="9000" height="9000">${filter}<rect width="9000" height="9000" filter="url(#f)"/></svg>`;
    const began = performance.now();
    for (const text of [
      svg,
      `\u00ef\u00bb\u00bf${svg}`,
      `\n${svg}`,
      '%PDF-1.4',
      '#?RADIANCE\n',
      'P6 1 1 255 abc',
      'BM',
    ])
      await expect(decodeImage(Buffer.from(text, 'latin1'), 'a.jpg')).rejects.toThrow(
        'a.jpg cannot be decoded: it is no JPEG, PNG, WebP, GIF or TIFF',
      );
    expect(performance.now() - began).toBeLessThan(5000);
  });

  it.skipIf(process.platform === 'win32')('pipes, devices and folders, instead of waiting for ever', async () => {
    const pipe = join(folder, 'pipe.jpg');
    execFileSync('mkfifo', [pipe]);
    const device = join(folder, 'device.jpg');
    symlinkSync('/dev/zero', device);
    for (const path of [pipe, device]) await expect(decodeImage(path)).rejects.toThrow(`${path} is a pipe or device`);
    await expect(decodeImage(folder)).rejects.toThrow(`${folder} is a folder`);
  });

  it('a PNG with wrong checksums', async () => {
    const bytes = Buffer.from(sound('xray.png'));
    bytes[Math.floor(bytes.length / 2)]! ^= 0xff;
    await refusal('flipped.png', bytes);
  });

  it('32-bit samples, which have no agreed white level', async () => {
    // A little-endian TIFF of one pixel. Its tags: width, height, bits, compression, photometric, offset, samples,
    // rows, bytes, sample format (3: float).
    const tags = [
      [256, 1],
      [257, 1],
      [258, 32],
      [259, 1],
      [262, 1],
      [273, 200],
      [277, 1],
      [278, 1],
      [279, 4],
      [339, 3],
    ];
    const bytes = Buffer.alloc(204);
    bytes.write('II*\0', 'latin1');
    bytes.writeUInt32LE(8, 4);
    bytes.writeUInt16LE(tags.length, 8);
    for (const [i, [tag, value]] of tags.entries()) {
      bytes.writeUInt16LE(tag!, 10 + i * 12);
      bytes.writeUInt16LE(3, 12 + i * 12);
      bytes.writeUInt32LE(1, 14 + i * 12);
      bytes.writeUInt16LE(value!, 18 + i * 12);
    }
    expect(await refusal('float.tif', bytes)).toMatch(/float/);
  });

  it('files with random bytes changed, or decodes them', async () => {
    const stream = random(1, 'damage');
    for (let round = 0; round < 300; round++) {
      const name = stream.pick(files).name;
      const bytes = Buffer.from(sound(name));
      for (let i = 0; i <= stream.integer(8); i++) bytes[stream.integer(bytes.length)] = stream.integer(256);
      const outcome = await decodeImage(bytes, name).catch((error: unknown) => error);
      if (outcome instanceof Error) expect(outcome).toMatchObject({ name: 'MedbenchError', code: 'data' });
      else expect(outcome).toMatchObject({ width: expect.any(Number), height: expect.any(Number) });
    }
  });
});

describe('the window of decodeImage', () => {
  it('must not be empty', async () => {
    await expect(decodeImage(sound('xray-16.png'), 'x', { window: [9, 9] })).rejects.toThrow(/from 9 to 9/);
  });

  it('clips the levels beyond it', async () => {
    const { data } = await decodeImage(sound('xray-16.png'), 'x', { window: [20_000, 40_000] });
    const unwindowed = await decodeImage(sound('xray-16.png'), 'x');
    expect([Math.min(...data), Math.max(...data)]).toEqual([0, 255]);
    data.forEach((value, i) => {
      // `unwindowed` gives the level to within one part in 255.
      expect(
        Math.abs(value - Math.min(255, Math.max(0, ((unwindowed.data[i]! * 257 - 20_000) * 255) / 20_000))),
      ).toBeLessThan(3);
    });
  });
});
