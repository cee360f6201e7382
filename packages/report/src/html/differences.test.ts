import type { RunResults } from '@medbench/core';
import { parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';
import { sortTables } from '../../browser/sort.js';
import { DETAIL, RANKS, withLeak, withRare, withTests } from '../../test/compared.js';
import { hostileResults, sampleResults } from '../../test/sample.js';
import { renderHtml } from './page.js';

const renderPage = (results: RunResults) => parseHTML(renderHtml(results)).document;
const readText = (element: { textContent: string | null } | null | undefined): string => element?.textContent ?? '';

const TIE = withTests(sampleResults(), {
  best: 'clip-partial',
  againstBest: { clip: 0.0004, 'clip-scratch': 0.2123 },
  againstControls: { clip: { untrained: [0.2, 0.001], majority: [-0.0001, 0.9] } },
});

describe('the section about real differences', () => {
  it('describes each mark with difference, interval and p', () => {
    const marks = [...renderPage(TIE).querySelectorAll('.mark')].map((mark) => mark.getAttribute('aria-label'));
    expect(marks).toEqual([
      'Not significantly above every control. CLIP, fine-tuned minus Most frequent class: 0.000, 95 % interval [-0.030, +0.020], adjusted p 0.900',
      'Not significantly worse than the best. CLIP, lower half frozen minus CLIP from scratch: +0.010, 95 % interval [-0.020, +0.030], adjusted p 0.212',
    ]);
  });

  it('lists ranks, and comparisons of the best method of each column with the others', () => {
    const document = renderPage({ ...TIE, statistics: { ...TIE.statistics!, ranks: RANKS } });
    const section = [...document.querySelectorAll('section')].find(
      (one) => readText(one.querySelector('h2')) === 'Which differences are real',
    )!;
    const [ranks, tests] = [...section.querySelectorAll('table')].map((table) =>
      [...table.querySelectorAll('tbody tr')].map((row) => [...row.children].map(readText)),
    );
    expect(ranks).toEqual([
      ['CLIP, fine-tuned', '1.50'],
      ['CLIP, lower half frozen', '1.64'],
      ['CLIP from scratch', '2.86'],
    ]);
    expect(tests).toEqual([
      ['CLIP, fine-tuned', '+0.010', '[-0.020, +0.030]', '< 0.001', 'McNemar, mid-p'],
      ['CLIP from scratch', '+0.010', '[-0.020, +0.030]', '0.212', 'McNemar, mid-p'],
    ]);
    const details = section.querySelector('details')!;
    expect(details.hasAttribute('open')).toBe(false);
    expect(readText(details.querySelector('summary'))).toBe(
      'PneumoniaMNIST, zero-shot: CLIP, lower half frozen is significantly better than 1 of 2',
    );
    expect(readText(details.querySelector('caption'))).toContain('on 624 test examples, seed 0; p by Holm over 3');
  });

  it('is absent if nothing was compared', () => {
    const none = withTests(sampleResults(), { best: null });
    for (const results of [sampleResults(), none]) {
      expect([...renderPage(results).querySelectorAll('h2')].map(readText)).not.toContain('Which differences are real');
    }
  });
});

describe('confusion matrices', () => {
  const readMatrix = (results: RunResults) => {
    const section = renderPage(results).querySelector('.confusions details')!;
    const rows = [...section.querySelectorAll('tbody tr')].map((row) => [...row.querySelectorAll('td')].map(readText));
    return { section, rows: rows.map((row) => row.map(Number)) };
  };

  it('are collapsed, one for each row that has one', () => {
    const results = withRare(sampleResults(), 'phantom-skin', { clip: 0.6, majority: 0 });
    const { section, rows } = readMatrix(results);
    expect(rows).toEqual(DETAIL.confusion);
    expect([...section.querySelectorAll('th')].map(readText)).toEqual([
      'True class',
      'normal',
      'pneumonia',
      'normal',
      'pneumonia (rare)',
    ]);
    const all = [...renderPage(results).querySelectorAll('.confusions')];
    expect(all.map((one) => readText(one.querySelector('summary')))).toEqual([
      'Phantom skin lesions, zero-shot\u00a0*',
      'Phantom skin lesions, linear probe\u00a0*',
    ]);
    expect(all.map((one) => [...one.querySelectorAll('details > summary')].map(readText).slice(-2))).toEqual(
      Array(2).fill(['CLIP, fine-tuned', 'Most frequent class']),
    );
    expect(all.some((one) => one.hasAttribute('open'))).toBe(false);
  });

  it('are summed over seeds', () => {
    const { section, rows } = readMatrix(withRare(sampleResults([3, 5]), 'phantom-skin', { clip: 0.6 }));
    expect(rows).toEqual(DETAIL.confusion.map((row) => row.map((count) => 2 * count)));
    expect(readText(section.querySelector('caption'))).toContain('sum over seeds 3, 5');
  });

  it('with too many classes are left to results.json', () => {
    const sample = withRare(sampleResults(), 'phantom-skin', { clip: 0.6 });
    const classes = Array.from({ length: 40 }, (_, i) => `class ${i}`);
    const many = { classes, confusion: classes.map(() => classes.map(() => 1)), rare: [] };
    const cells = sample.cells.map((cell) => (cell.classification ? { ...cell, classification: many } : cell));
    const document = renderPage({ ...sample, cells });
    expect(document.querySelectorAll('table.confusion')).toHaveLength(0);
    expect(readText(document.querySelector('.confusions'))).toContain(
      'the matrix of its 40 classes is in results.json',
    );
  });
});

describe('the page with marks, rare classes and leaks', () => {
  it('defines the recalls of many classes in one line', () => {
    const recalls = Object.fromEntries(
      Array.from({ length: 9 }, (_, i) => [`recall_${i}`, { value: 0.5, ci95: [0, 1] as const }]),
    );
    const sample = sampleResults();
    const cells = sample.cells.map((cell) => ({ ...cell, metrics: { ...cell.metrics, ...recalls } }));
    const terms = (results: RunResults) =>
      [...renderPage(results).querySelectorAll('#what-the-numbers-mean dl dt')].map(readText);
    expect(terms({ ...sample, cells }).filter((term) => !terms(sample).includes(term))).toEqual(['recall_<class> ↑']);
  });

  it('keeps hostile text as text', () => {
    const document = renderPage(hostileResults());
    expect(document.querySelectorAll('.mark').length).toBeGreaterThan(8);
    expect(document.querySelectorAll('table.confusion').length).toBe(4);
    expect(document.querySelectorAll('img, script:not(:last-of-type), [onerror]')).toHaveLength(0);
    expect(readText(document.querySelector('#note-1'))).toContain('Warning, leak: =<script>alert(1)</script>');
    expect(document.querySelector('.mark')!.getAttribute('aria-label')).toContain('<script>alert(1)</script>');
    expect(document.querySelector('th[data-column="7"]')!.getAttribute('title')).toContain('<script>');
    expect(readText(document.querySelector('table.confusion'))).toContain('<img src=x onerror=alert(2)>');
  });

  it('puts neither links nor buttons into the buttons that sort', () => {
    const document = renderPage(withLeak(sampleResults(), 'pneumoniamnist'));
    sortTables(document);
    const table = document.querySelector('table')!;
    expect(table.querySelectorAll('th .sort')).toHaveLength(8);
    expect(table.querySelectorAll('th .def')).toHaveLength(8);
    expect(table.querySelectorAll('th button a, th button button')).toHaveLength(0);
    expect(table.querySelectorAll('th > sup a')).toHaveLength(2);
  });
});
