import { escapeControls } from '@medbench/core';
import { describe, expect, it } from 'vitest';
import { TESTED, withTests } from '../test/compared.js';
import { ERROR, hostileResults, sampleResults } from '../test/sample.js';
import { renderCsv } from './index.js';

/** Parses CSV by the grammar of RFC 4180: records of fields, quoted or not. */
function parseCsv(text: string): string[][] {
  const records: string[][] = [];
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|$)/y;
  let record: string[] = [];
  while (field.lastIndex < text.length) {
    const match = field.exec(text);
    if (!match) throw new Error('not RFC 4180');
    record.push(match[1] === undefined ? match[2]! : match[1].replaceAll('""', '"'));
    if (match[3] !== ',') {
      records.push(record);
      record = [];
    }
  }
  return records;
}

function objects(text: string): Record<string, string>[] {
  const [header, ...records] = parseCsv(text);
  return records.map((record) => {
    expect(record).toHaveLength(header!.length);
    return Object.fromEntries(header!.map((name, i) => [name, record[i]!]));
  });
}

describe('renderCsv', () => {
  it('writes every metric of every cell with all its digits', () => {
    const { cells } = sampleResults([0, 1]);
    const records = objects(renderCsv(sampleResults([0, 1])));
    const expected = cells.reduce((sum, { metrics }) => sum + Math.max(1, Object.keys(metrics).length), 0);
    expect(records).toHaveLength(expected);
    for (const cell of cells) {
      const cellRecords = records.filter(
        (r) =>
          r.method === cell.method &&
          r.task === cell.task &&
          r.protocol === cell.protocol &&
          Number(r.seed) === cell.seed,
      );
      expect(cellRecords.filter(({ primary }) => primary === 'true').map(({ metric }) => metric)).toEqual([
        cell.metric,
      ]);
      for (const [name, { value, ci95 }] of Object.entries(cell.metrics)) {
        const record = cellRecords.find(({ metric }) => metric === name)!;
        expect([record.value, record.ci_low, record.ci_high].map(Number)).toEqual([value, ...ci95]);
      }
    }
    const failed = records.filter(({ status }) => status === 'failed');
    expect(failed).toHaveLength(2);
    expect(failed[0]).toMatchObject({ value: '', ci_low: '', error: ERROR, metric: 'accuracy', primary: 'true' });
  });

  it('quotes fields and disarms formulas', () => {
    const hostile = hostileResults();
    const records = objects(renderCsv(hostile));
    expect(records[0]!.method).toBe(`'${escapeControls(hostile.cells[0]!.method)}`);
    for (const start of ['=1+1', '+1', '-1', '@SUM(A1)', '\tx']) {
      const cell = { ...sampleResults().cells[0]!, method: start };
      expect(objects(renderCsv({ ...hostile, cells: [cell] }))[0]!.method).toBe(`'${start}`);
    }
  });

  it('escapes what a terminal obeys', () => {
    const cell = { ...sampleResults().cells[0]!, task: 'x\u001b]0;owned\u0007\u001b[2J', method: 'a\u202eb' };
    const text = renderCsv({ ...sampleResults(), cells: [cell] });
    expect(text).not.toMatch(/(?![\r\n])[\p{Cc}\u202e]/u);
    expect(objects(text)[0]).toMatchObject({ task: 'x\\u001b]0;owned\\u0007\\u001b[2J', method: 'a\\u202eb' });
  });

  it('writes negative numbers without an apostrophe', () => {
    const cell = { ...sampleResults().cells[0]!, metrics: {}, value: -0.5, ci95: [-1, 0.25] as const };
    expect(objects(renderCsv({ ...sampleResults(), cells: [cell] }))[0]).toMatchObject({ value: '-0.5', ci_low: '-1' });
  });

  it('writes only the header if there are no cells', () => {
    expect(renderCsv({ ...sampleResults(), cells: [] })).toBe(
      'method,control,task,protocol,seed,metric,primary,value,ci_low,ci_high,n,status,error,synthetic,seconds\r\n',
    );
  });

  it('appends p against the best method, only for primary metrics of compared methods', () => {
    const results = withTests(sampleResults([0, 1]), {
      best: 'clip-partial',
      againstBest: { clip: 0.00012345678901234 },
      againstControls: { clip: { untrained: [0.2, 0.001] } },
    });
    const text = renderCsv(results);
    expect(text.split('\r\n')[0]).toBe(
      'method,control,task,protocol,seed,metric,primary,value,ci_low,ci_high,n,status,error,synthetic,seconds,adjusted_p_vs_best,best',
    );
    const fields = (method: string, metric: string) =>
      objects(text)
        .filter((record) => record.method === method && record.metric === metric)
        .map(({ adjusted_p_vs_best: p, best }) => [p, best]);
    expect(fields('clip-partial', TESTED.metric)).toEqual(Array(2).fill(['', 'true']));
    expect(fields('clip', TESTED.metric)).toEqual(Array(2).fill(['0.00012345678901234', 'false']));
    expect(fields('clip', 'f1')).toEqual(Array(2).fill(['', '']));
    // A control, and a method that was not compared.
    for (const id of ['untrained', 'clip-scratch']) {
      expect(fields(id, TESTED.metric)).toEqual(Array(2).fill(['', '']));
    }
  });
});
