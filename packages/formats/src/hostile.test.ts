/* Small files that ask for endless work or memory: each is refused, soon, with a MedbenchError that names it. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { zipSync } from 'fflate';
import { afterAll, describe, expect, it } from 'vitest';
import { nightly } from '../../../tests/support/full.js';
import {
  captionTable,
  openHdf5,
  openParquet,
  readCsv,
  readDicom,
  readJson,
  readJsonl,
  readNpy,
  readPickle,
  readXlsx,
  webDataset,
} from './index.js';

const folder = mkdtempSync(join(tmpdir(), 'medbench-hostile-'));
afterAll(() => rmSync(folder, { recursive: true }));
const put = (name: string, bytes: Uint8Array | string): string => {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
};

describe.skipIf(process.platform === 'win32')('a pipe or a device is refused by the reader of', () => {
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  symlinkSync('/dev/zero', join(folder, 'zero'));
  const table = (path: string, ending: string) => {
    const link = `${path}.${ending}`;
    rmSync(link, { force: true });
    symlinkSync(path, link);
    return link;
  };
  const readers: readonly [string, (path: string) => Promise<unknown>][] = [
    ['csv', (path) => readCsv(table(path, 'csv'))],
    ['csv.gz', (path) => readCsv(table(path, 'csv.gz'))],
    ['json', readJson],
    ['jsonl', readJsonl],
    ['npy', readNpy],
    ['xlsx', (path) => readXlsx(path)],
    ['pickle', (path) => readPickle(path)],
    ['h5', (path) => openHdf5(path, 'x')],
    ['h5.gz', (path) => openHdf5(table(path, 'h5.gz'), 'x')],
    ['parquet', (path) => openParquet([path])],
    ['dicom', (path) => readDicom(path)],
    ['tar', (path) => webDataset(table(path, 'tar'))],
    [
      'captions',
      (path) =>
        captionTable({
          ...{ table: table(path, 'csv'), imageDir: folder, imageColumn: 'a', captionColumn: 'b' },
          skipBad: false,
          skip: () => {},
        }),
    ],
  ];
  it.each(readers)('%s', async (_, read) => {
    for (const path of [pipe, join(folder, 'zero')])
      await expect(read(path)).rejects.toMatchObject({ name: 'MedbenchError', message: expect.stringContaining(path) });
  });
});

describe('a pickle', () => {
  const DUP = 0x32;
  const TUPLE2 = 0x86;
  /** {key: 0}, with an item for each entry of `more`. */
  const dictionary = (key: readonly number[], more = 0): Uint8Array =>
    Uint8Array.from([
      ...[0x80, 2, 0x7d, ...key, 0x71, 1, 0x4b, 1, 0x73],
      ...Array.from({ length: more }, () => [0x68, 1, 0x85, 0x4b, 1, 0x73]).flat(),
      0x2e,
    ]);

  it('whose key is a tuple of tuples is refused at once', async () => {
    const nested = [0x55, 1, 0x61, ...Array.from({ length: 27 }, () => [DUP, TUPLE2]).flat()];
    const began = performance.now();
    for (const more of [0, 40]) {
      const path = put('key.pkl', dictionary(nested, more));
      await expect(readPickle(path)).rejects.toThrow(`${path} has a dictionary whose key is a container`);
    }
    expect(performance.now() - began).toBeLessThan(2000);
  });

  it('keeps keys that are texts or numbers', async () => {
    const numbers = Uint8Array.from([0x80, 2, 0x7d, 0x4b, 7, 0x4b, 1, 0x73, 0x2e]);
    expect(await readPickle(put('number.pkl', numbers))).toEqual({ 7: 1 });
    expect(await readPickle(put('text.pkl', dictionary([0x55, 1, 0x61])))).toEqual({ a: 1 });
  });

  it('that stores values without end is refused', async () => {
    const bytes = Buffer.alloc(8_000_010, 0x94); // MEMOIZE
    bytes.set([0x80, 4, 0x4e]);
    bytes[bytes.length - 1] = 0x2e;
    await expect(readPickle(put('memo.pkl', bytes))).rejects.toThrow(/memo\.pkl .*stores more than 8000000 values/);
  });
});

describe('a table', () => {
  it('of one endless line is refused early', async () => {
    const began = performance.now();
    const path = put('line.jsonl', `{"a": "${'x'.repeat(60 * 2 ** 20)}"}`);
    await expect(readJsonl(path)).rejects.toThrow(`${path}:1 takes more than 16777216 bytes`);
    expect(performance.now() - began).toBeLessThan(5000);
    expect(await readJsonl(put('long.jsonl', `{"a": "${'x'.repeat(5 * 2 ** 20)}"}\n{"a": "y"}\n`))).toHaveLength(2);
  });

  it('that unpacks to more than 200 times its size is refused', async () => {
    // Rows of 1 KiB, so that the ratio and not the number of rows decides.
    const path = put('bomb.csv.gz', gzipSync(`a\n${`${'0'.repeat(1023)}\n`.repeat(64 * 1024)}`));
    await expect(readCsv(path)).rejects.toThrow(`${path} unpacks to more than 200 times its size`);
  });

  it('that unpacks to less than 16 MiB is read, however well it is packed', async () => {
    const path = put('even.csv.gz', gzipSync(`a\n${'0000000\n'.repeat(100_000)}`));
    expect(await readCsv(path)).toHaveLength(100_000);
  });

  nightly(
    'of more than two million rows is refused',
    async () => {
      const path = put('rows.csv', `a\n${'1\n'.repeat(2_000_001)}`);
      await expect(readCsv(path)).rejects.toThrow(`${path} has more than 2000000 rows`);
    },
    60_000,
  );
});

it('refuses a workbook with more rows than a sheet may have', async () => {
  const rows = (count: number): string => {
    const head = '<row><c r="A1" t="inlineStr"><is><t>a</t></is></c></row>';
    const sheet = `<worksheet><sheetData>${head}${'<row/>'.repeat(count - 1)}</sheetData></worksheet>`;
    const target = 'Target="worksheets/sheet1.xml"';
    return put(
      `rows-${count}.xlsx`,
      zipSync({
        'xl/workbook.xml': Buffer.from('<workbook><sheets><sheet name="x" r:id="r1"/></sheets></workbook>'),
        'xl/_rels/workbook.xml.rels': Buffer.from(`<Relationships><Relationship Id="r1" ${target}/></Relationships>`),
        'xl/worksheets/sheet1.xml': Buffer.from(sheet),
      }),
    );
  };
  expect(await readXlsx(rows(1_048_576))).toEqual([]);
  await expect(readXlsx(rows(1_048_577))).rejects.toThrow(/rows-1048577\.xlsx has more than 1,?048,?576 rows/);
});
