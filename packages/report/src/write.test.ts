import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashJson } from '@medbench/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CLIP, makeUpRun, SLIP, WIN } from '../test/made-up.js';
import { hostileResults, sampleResults } from '../test/sample.js';
import { answerQuestions, renderCsv, renderHtml, renderLatex, renderMarkdown, writeReport } from './index.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'medbench-report-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const put = (text: string): void => writeFileSync(join(folder, 'results.json'), text);

describe('writeReport', () => {
  it('writes all formats, replaces older files, and writes nothing else', async () => {
    put(JSON.stringify(sampleResults()));
    writeFileSync(join(folder, 'report.html'), 'old');
    const { csv, markdown, latex, html } = await writeReport(folder);
    expect(readFileSync(markdown, 'utf8')).toBe(renderMarkdown(sampleResults()));
    expect(readFileSync(latex, 'utf8')).toBe(renderLatex(sampleResults()));
    expect(readFileSync(csv, 'utf8')).toBe(renderCsv(sampleResults()));
    expect(readFileSync(html, 'utf8')).toBe(renderHtml(sampleResults(), { answers: answerQuestions(sampleResults()) }));
    expect(readdirSync(folder).sort()).toEqual([
      'report.html',
      'results.csv',
      'results.json',
      'results.md',
      'results.tex',
    ]);
  });

  it('accepts results with all optional fields', async () => {
    put(JSON.stringify(hostileResults()));
    const { html } = await writeReport(folder);
    expect(readFileSync(html, 'utf8')).toBe(
      renderHtml(hostileResults(), { answers: answerQuestions(hostileResults()) }),
    );
  });

  it('refuses comparisons other than those that the run wrote', async () => {
    const columns = [{ task: 'pneumoniamnist', against: { slip: WIN } }];
    const { results, comparisons } = makeUpRun({ rows: [CLIP, SLIP], columns });
    const statistics = { ...results.statistics, comparisons: hashJson(comparisons) };
    put(JSON.stringify({ ...results, statistics }));
    const file = join(folder, 'comparisons.json');
    writeFileSync(file, JSON.stringify(comparisons));
    await writeReport(folder);
    writeFileSync(file, JSON.stringify(comparisons.slice(1)));
    await expect(writeReport(folder)).rejects.toMatchObject({
      code: 'store',
      message: `${file} does not hold the comparisons of results.json`,
      hint: expect.stringContaining('Repeat the run command'),
    });
  });

  it('names the file that is missing', async () => {
    await expect(writeReport(folder)).rejects.toMatchObject({
      name: 'MedbenchError',
      code: 'usage',
      message: expect.stringContaining(join(folder, 'results.json')),
      hint: expect.stringContaining('--out'),
    });
  });

  const { run: _, ...withoutRun } = sampleResults();
  const cells = sampleResults().cells.map((cell, i) => (i === 3 ? { ...cell, ci95: [0.1] } : cell));
  const first = (change: object) => ({ ...sampleResults(), cells: [{ ...sampleResults().cells[0], ...change }] });
  const { statistics, ...others } = hostileResults();
  const withoutP = statistics!.columns.map((column) => ({
    ...column,
    againstBest: column.againstBest.map((comparison) => ({ ...comparison, adjusted: null })),
  }));
  it.each([
    ['{"schemaVersion": 1, "run"', 'is not JSON'],
    ['[]', 'is not the results of a run'],
    ['{}', 'is not the results of a run'],
    [JSON.stringify({ ...sampleResults(), schemaVersion: 2 }), 'has schemaVersion 2, not 1'],
    [JSON.stringify(withoutRun), 'at run'],
    [JSON.stringify({ ...sampleResults(), cells: null }), 'at cells'],
    [JSON.stringify({ ...sampleResults(), cells }), 'at cells[3].ci95'],
    [JSON.stringify(first({ leaks: [{ of: 'elsewhere' }] })), 'at cells[0].leaks[0].of'],
    [JSON.stringify(first({ classification: { classes: ['a'] } })), 'at cells[0].classification'],
    [JSON.stringify({ ...others, statistics: [] }), 'at statistics'],
    [JSON.stringify({ ...others, statistics: { ...statistics, columns: withoutP } }), 'at statistics.columns'],
    [JSON.stringify({ ...others, statistics: { ...statistics, ranks: {} } }), 'at statistics.ranks'],
  ])('refuses %.40s', async (text, message) => {
    put(text);
    await expect(writeReport(folder)).rejects.toMatchObject({
      code: 'store',
      message: expect.stringContaining(message),
    });
    expect(readdirSync(folder)).toEqual(['results.json']);
  });

  it('does not quote text of the results in errors', async () => {
    put(JSON.stringify(first({ metrics: { '\u001b[31mred': { value: 1 } } })));
    await expect(writeReport(folder)).rejects.toMatchObject({
      message: expect.stringMatching(/at cells\[0\]\.metrics$/),
    });
  });

  it('leaves no partial file if it cannot write', async () => {
    put(JSON.stringify(sampleResults()));
    mkdirSync(join(folder, 'results.csv', 'in-the-way'), { recursive: true });
    await expect(writeReport(folder)).rejects.toMatchObject({
      code: 'store',
      message: expect.stringContaining('results.csv'),
    });
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });
});
