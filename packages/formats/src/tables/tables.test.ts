import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { readCsv, readJson, readJsonl } from './tables.js';

const folder = mkdtempSync(join(tmpdir(), 'medbench-tables-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string, content: string | Uint8Array): string => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};

describe('readJson and readJsonl', () => {
  it('read JSON, also with a byte-order mark', async () => {
    expect(await readJson(file('a.json', '\ufeff{"a": [1]}'))).toEqual({ a: [1] });
  });

  it('read one object per line, whatever line breaks a caption contains', async () => {
    const text = '{"caption":"one\\ntwo"}\r\n\n{"caption":"a\u2028b\u0085c"}\n{"caption":"last"}';
    expect(await readJsonl(file('a.jsonl', text))).toEqual([
      { caption: 'one\ntwo' },
      { caption: 'a\u2028b\u0085c' },
      { caption: 'last' },
    ]);
    expect(await readJsonl(file('empty.jsonl', ''))).toEqual([]);
  });

  it('join lines across chunks of the file', async () => {
    const rows = Array.from({ length: 3000 }, (_, i) => ({ i, text: 'é'.repeat(500) }));
    expect(await readJsonl(file('long.jsonl', rows.map((row) => JSON.stringify(row)).join('\n')))).toEqual(rows);
  });

  it('names file and line', async () => {
    await expect(readJson(file('bad.json', '{\n"a": 1,\n}'))).rejects.toThrow(/bad\.json:3:1 is not JSON/);
    await expect(readJson(file('nan.json', '[{"a": "NaN"},\n {"b": NaN}]'))).rejects.toMatchObject({
      message: expect.stringMatching(/nan\.json:2:8 is not JSON: it has the word NaN$/),
      hint: expect.stringContaining('null'),
    });
    await expect(readJsonl(file('bad.jsonl', '{}\n{"a":\n'))).rejects.toThrow(/bad\.jsonl:2 is not JSON/);
    await expect(readJsonl(file('list.jsonl', '{}\n\n[1]\n'))).rejects.toThrow(/list\.jsonl:3 is not a JSON object/);
    await expect(readJsonl(join(folder, 'none.jsonl'))).rejects.toThrow(/none\.jsonl is not there/);
  });
});

describe('readCsv', () => {
  it('reads rows by column name, with quotes, line breaks and a byte-order mark', async () => {
    const path = file('a.csv', '\ufeffimage,caption\nx.png,"one, ""two""\nthree"\r\ny.png,\n');
    expect(await readCsv(path, { columns: ['caption'] })).toEqual([
      { image: 'x.png', caption: 'one, "two"\nthree' },
      { image: 'y.png', caption: '' },
    ]);
    expect(await readCsv(file('a.tsv', 'a\tb\n1\t2\n'), { delimiter: '\t' })).toEqual([{ a: '1', b: '2' }]);
  });

  // As Python's csv module and pandas read it, and as caption tables are read.
  it('takes a quote within an unquoted field as a character', async () => {
    const path = file('inch.csv', 'a,b\n1,a 5" lesion\n2,the "wet" type\n3,"a ""wet"" type"\n');
    expect((await readCsv(path)).map(({ b }) => b)).toEqual(['a 5" lesion', 'the "wet" type', 'a "wet" type']);
    expect(await readCsv(file('quoted.csv', 'a\n"""wet"" type"\n'))).toEqual([{ a: '"wet" type' }]);
    await expect(readCsv(file('after.csv', 'a,b\n1,5" x\n2,"x"y\n'))).rejects.toThrow(
      /after\.csv:\d is not a table .CSV_INVALID_CLOSING_QUOTE/,
    );
  });

  it('lists the existing columns if one is missing', async () => {
    await expect(readCsv(file('b.csv', 'a,b\n1,2\n'), { columns: ['a', 'label'] })).rejects.toMatchObject({
      message: expect.stringMatching(/b\.csv has no column "label"/),
      hint: 'It has "a", "b".',
    });
    // The last of two such columns once won.
    await expect(readCsv(file('twice.csv', 'a,a\n1,2\n'))).rejects.toThrow(/twice\.csv has two columns "a"/);
    await expect(readCsv(file('empty.csv', ''), { columns: ['label'] })).rejects.toThrow(/no column "label"/);
  });

  it('names file and line', async () => {
    await expect(readCsv(file('c.csv', 'a,b\n1,2\n1,2,3\n'))).rejects.toThrow(/c\.csv:3 is not a table/);
    await expect(readCsv(file('d.csv', 'a,b\n1,"2\n'))).rejects.toThrow(/d\.csv/);
    const packed = gzipSync('a,b\n1,"x\ny"\n');
    expect(await readCsv(file('e.csv.gz', packed), { columns: ['b'] })).toEqual([{ a: '1', b: 'x\ny' }]);
    await expect(readCsv(file('f.csv.gz', packed.subarray(0, -9)))).rejects.toThrow(/f\.csv\.gz cannot be unpacked/);
    await expect(readCsv(file('g.csv.gz', 'a,b\n'))).rejects.toThrow(/g\.csv\.gz cannot be unpacked/);
    await expect(readCsv(join(folder, 'none.csv.gz'))).rejects.toThrow(/none\.csv\.gz is not there/);
    await expect(readCsv(join(folder, 'none.csv'))).rejects.toThrow(/none\.csv is not there/);
  });
});
