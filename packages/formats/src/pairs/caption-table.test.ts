import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unzipSync } from 'node:zlib';
import { encodePng } from '@medbench/data';
import { afterAll, describe, expect, it } from 'vitest';
import { type CaptionTableOptions, captionTable } from './caption-table.js';

/** Made by Python: scripts/oracles/data_tables.py. */
interface Case {
  readonly name: string;
  readonly bytes: number;
  readonly content: string;
  readonly rows: number;
  readonly others: number;
  readonly duplicates: number;
  readonly sha256: string;
  readonly some: Readonly<Record<string, string>>;
}
const cases = JSON.parse(
  readFileSync(new URL('../../fixtures/tables.json', import.meta.url), 'utf8'),
) as readonly Case[];

const folder = mkdtempSync(join(tmpdir(), 'medbench-captions-'));
const imageDir = join(folder, 'images');
mkdirSync(imageDir);
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string, content: string | Uint8Array): string => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};
const open = (table: string, options: Partial<CaptionTableOptions> = {}) =>
  captionTable({ table, imageColumn: 'image', captionColumn: 'caption', imageDir, ...options });

describe('captionTable', () => {
  it.each(cases)('reads what Python reads: $name', async ({ name, content, rows, ...expected }) => {
    const table = file(name, unzipSync(Buffer.from(content, 'base64')));
    const pairs = await open(table, { columns: ['split'], keep: ({ split }) => split === 'train' });
    expect(pairs).toMatchObject({ length: rows, rejected: expected.others, duplicates: expected.duplicates });
    const hash = createHash('sha256');
    // Backwards and many at once, so that nothing depends on the order of reading.
    const read: string[] = [];
    const check = async (i: number): Promise<void> => {
      const { file: path, caption } = await pairs.describe(i);
      read[i] = JSON.stringify([path.slice(imageDir.length + 1), caption]);
      if (expected.some[i] !== undefined) expect([...caption].slice(0, 200).join('')).toBe(expected.some[i]);
    };
    for (let end = rows; end > 0; end -= 500)
      await Promise.all(Array.from({ length: Math.min(500, end) }, (_, k) => check(end - 1 - k)));
    // Python's json.dumps writes a blank after the comma of a list.
    hash.update(read.map((line) => line.replace('","', '", "')).join('\n'));
    expect(hash.digest('hex')).toBe(expected.sha256);
  });

  it('reads plain lines with images beside them, and takes quotes as text', async () => {
    const image = { width: 2, height: 1, channels: 1, data: Uint8Array.of(3, 200) } as const;
    writeFileSync(join(imageDir, 'ROCO_1.png'), await encodePng(image));
    const table = file('captions.txt', 'ROCO_1\t An "odd caption\twith a tab.\n\nROCO_2\t 5" mass.');
    const pairs = await open(table, { header: ['image', 'caption'], toFileName: (name) => `${name}.png` });
    expect(await pairs.get(0)).toEqual({ image, caption: ' An "odd caption\twith a tab.' });
    expect((await pairs.describe(1)).caption).toBe(' 5" mass.');
    expect(Buffer.from((await pairs.encoded(0)).bytes)).toEqual(readFileSync(join(imageDir, 'ROCO_1.png')));
    await expect(pairs.get(1)).rejects.toThrow(/ROCO_2\.png is not there/);
    await expect(pairs.get(2)).rejects.toThrow(RangeError);
  });

  it('refuses rows whose image lies elsewhere or whose caption is empty, and names the row', async () => {
    for (const name of ['../secret.png', '/etc/x.png', 'a/../../x.png', '.', '..', 'a\0.png']) {
      const rows = [
        { image: 'ok.png', caption: 'c' },
        { image: name, caption: 'c' },
      ].map((row) => JSON.stringify(row));
      const table = file('out.jsonl', rows.join('\n'));
      await expect(open(table)).rejects.toThrow(/out\.jsonl: row 2 names the image .* not inside/);
      expect(await open(table, { skipBad: true })).toMatchObject({ length: 1, bad: { count: 1 } });
    }
    await expect(open(file('no.jsonl', '{"image":"a.png","caption":" "}\n'))).rejects.toThrow(/row 1 has no text/);
    await expect(open(file('col.jsonl', '{"image":"a.png","text":"x"}\n'))).rejects.toThrow(/no column "caption"/);
    await expect(open(file('col.csv', 'image,text\na,b\n'))).rejects.toThrow(/no column "caption"/);
    await expect(open(file('few.csv', 'image,caption\na\n'))).rejects.toThrow(/row 1 has 1 fields/);
    await expect(open(file('x.xlsx', ''))).rejects.toThrow(/x\.xlsx is not a supported table/);
    await expect(open(file('empty.csv', ''))).rejects.toThrow(/no column "image" or "caption"/);
    await expect(open(file('open.csv', 'image,caption\na,"b\n'))).rejects.toThrow(
      /open\.csv: row 1 has a quote that is not closed/,
    );
    await expect(open(file('latin.csv', Buffer.from('image,caption\na,\xfc\n', 'latin1')))).rejects.toThrow(/UTF-8/);
    await expect(open(join(folder, 'none.csv'))).rejects.toThrow(/none\.csv is not there/);
  });

  it('gives up one row for a quote that is not closed, whatever it has swallowed', async () => {
    const lines = Array.from({ length: 20 }, (_, i) => `p${i}.png,caption ${i}`);
    const captions = async (table: string): Promise<string[]> => {
      const pairs = await open(table, { skipBad: true });
      expect(pairs.bad.count).toBe(1);
      return Promise.all(Array.from({ length: pairs.length }, async (_, i) => (await pairs.describe(i)).caption));
    };
    const others = Array.from({ length: 20 }, (_, i) => `caption ${i}`).filter((_, i) => i !== 5);
    lines[5] = 'p5.png,"a mass';
    expect(await captions(file('to-the-end.csv', `image,caption\n${lines.join('\n')}\n`))).toEqual(others);
    // A later quoted field closes it in the wrong place.
    lines[12] = 'p12.png,"caption 12"';
    expect(await captions(file('to-a-quote.csv', `image,caption\n${lines.join('\n')}`))).toEqual(others);
  });

  it('refuses what stands for a missing caption, and a column that occurs twice', async () => {
    for (const mark of ['nan', 'None', 'null', ' NaN ']) {
      const table = file('missing.csv', `image,caption\na.png,${mark}\nb.png,nano particles\n`);
      await expect(open(table)).rejects.toThrow(/row 1 has a mark of a missing text in "caption"/);
      expect(await open(table, { skipBad: true })).toMatchObject({ length: 1, bad: { count: 1 } });
    }
    await expect(open(file('twice.csv', 'image,caption,caption\na,b,c\n'))).rejects.toThrow(
      /twice\.csv has two columns "caption"/,
    );
  });

  it('never quotes the text of a broken row', async () => {
    const secret = 'SECRETFINDING';
    for (const [name, content] of [
      ['s.jsonl', `{"image":"a.png","caption":"${secret}\n`],
      ['s2.jsonl', `{"image":"a.png","caption":["${secret}"]}\n`],
      ['s.csv', `image,caption\na,b"${secret}"c,d\n`],
      ['s2.csv', `image,caption\na,${secret},${secret}\n`],
    ] as const) {
      const error = await open(file(name, content)).catch((caught: unknown) => caught);
      expect(error).toMatchObject({ code: 'data' });
      expect(JSON.stringify([String(error), (error as { hint?: string }).hint])).not.toContain(secret);
    }
  });

  it('takes the next pair in place of a broken image if bad pairs are left out', async () => {
    const image = { width: 1, height: 1, channels: 1, data: Uint8Array.of(7) } as const;
    writeFileSync(join(imageDir, 'good.png'), await encodePng(image));
    writeFileSync(join(imageDir, 'broken.png'), 'no image');
    const rows = ['broken.png', 'gone.png', 'good.png'].map((name) => `{"image":"${name}","caption":"of ${name}"}\n`);
    const table = file('three.jsonl', rows.join(''));
    await expect((await open(table)).get(0)).rejects.toThrow(/broken\.png cannot be decoded/);
    const pairs = await open(table, { skipBad: true });
    expect(await pairs.get(0)).toEqual({ image, caption: 'of good.png' });
    expect(await pairs.get(0)).toEqual({ image, caption: 'of good.png' });
    expect(pairs.bad.count).toBe(2);
    expect(pairs.bad.list.join()).toMatch(/broken\.png.*gone\.png/);
  });
});
