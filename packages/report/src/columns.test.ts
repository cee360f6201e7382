import { parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';
import { LEAK_NOTE, RANKS, withLeak, withRare } from '../test/compared.js';
import { sampleResults } from '../test/sample.js';
import { renderHtml, renderMarkdown, renderTable } from './index.js';
import { leakWarnings } from './leaks.js';
import { resultTable } from './model.js';

const RECALLS = { clip: 0.6, 'clip-scratch': 0.41, majority: 0.9 };

describe('columns for rare classes', () => {
  const results = withRare(sampleResults(), 'phantom-skin', RECALLS);

  it('come right after their primary metric, and show the best method but no marks', () => {
    const { columns, rows } = resultTable(results);
    expect(columns.map(({ task, protocol, metric }) => `${task}/${protocol}/${metric}`).slice(5)).toEqual([
      'phantom-skin/zero-shot/accuracy',
      'phantom-skin/zero-shot/rare_recall',
      'phantom-skin/linear-probe/accuracy',
      'phantom-skin/linear-probe/rare_recall',
      'phantom-reports/retrieval/mean_recall@10',
    ]);
    expect(columns[6]).toMatchObject({ rare: ['pneumonia'], n: 5, synthetic: 'all' });
    const figures = rows.map((row) => row.figures[6]!);
    expect(figures.map(({ value }) => value)).toEqual([0.6, 0.41, null, null, 0.9, null]);
    expect(figures.map(({ best }) => best)).toEqual([true, false, false, false, false, false]);
    // A cell of an older version without the metric has not failed.
    expect(figures[2]).toMatchObject({ status: 'none', notes: [] });
  });

  it('are in all formats, and the page names the classes', () => {
    const line = renderTable(results, { width: 300 }).split('\n');
    const start = line.find((text) => text.startsWith('method'))!.indexOf('rare_recall ↑ *');
    expect(line.find((text) => text.startsWith('clip '))!.slice(start)).toMatch(/^0\.600 \[0\.50, 0\.70\]/);
    expect(renderMarkdown(results)).toContain('**0.600 [0.50, 0.70]**');
    const { document } = parseHTML(renderHtml(results));
    const head = document.querySelectorAll('th[data-column="7"]')[0]!;
    expect(head.getAttribute('title')).toBe(
      'phantom-skin, zero-shot: rare_recall on 5 test examples of rare classes: pneumonia',
    );
    expect(head.querySelector('.def')!.getAttribute('title')).toContain('Mean over the rare classes');
    // Plots and lists of all metrics exist once per primary metric, not for rare classes.
    expect(document.querySelectorAll('figure:not(.cost) svg').length).toBe(8 + 3);
    const titles = [...document.querySelectorAll('section h3')].map((title) => title.textContent);
    expect(titles.filter((title) => title === 'Phantom skin lesions, zero-shot *')).toHaveLength(1);
    expect(document.querySelector('main')!.textContent).toContain('recall_pneumonia');
  });

  it('fail if their cell failed, with the same footnote', () => {
    const failed = withRare(sampleResults([0, 1]), 'phantom-skin', RECALLS);
    const cells = failed.cells.map((cell) =>
      cell.method === 'clip' && cell.seed === 1 && cell.task === 'phantom-skin'
        ? { ...cell, status: 'failed' as const, value: null, ci95: null, metrics: {}, error: 'no memory' }
        : cell,
    );
    const { rows, notes } = resultTable({ ...failed, cells });
    const [primary, rare] = [rows[0]!.figures[5]!, rows[0]!.figures[6]!];
    expect(rare).toMatchObject({ value: 0.6, best: false });
    expect(rare.notes).toEqual(primary.notes);
    expect(notes[rare.notes[0]! - 1]).toBe('seed 1: no memory');
  });
});

describe('average ranks', () => {
  const results = { ...sampleResults(), statistics: { level: 0.05, columns: [], ranks: RANKS } };
  const SENTENCE =
    'Average rank over 7 columns, 1 is best (Friedman p 0.0123): ranks that differ by less than 0.95 are not significantly different.';

  it('are the last column of each format, empty for controls', () => {
    const lines = renderTable(results, { width: 300 }).split('\n');
    const start = lines.find((line) => line.startsWith('method'))!.indexOf('rank ↓');
    const ranks = ['clip ', 'clip-scratch', 'clip-partial', 'untrained', 'majority', 'raw-pixels'].map((id) =>
      lines.find((line) => line.startsWith(id))!.slice(start),
    );
    expect(ranks).toEqual(['1.50', '2.86', '1.64', '—', '—', '—']);
    expect(lines).toContain(SENTENCE);

    const markdown = renderMarkdown(results).split('\n');
    const cells = markdown.filter((line) => line.startsWith('|')).map((line) => line.split('|').at(-2)!.trim());
    expect(cells).toEqual(['Average rank ↓', '-------------:', ...ranks]);
    expect(markdown.join('\n')).toContain(SENTENCE);

    const { document } = parseHTML(renderHtml(results));
    const rows = [...document.querySelector('table')!.querySelectorAll('tbody tr')];
    expect(rows.map((row) => row.querySelector('td:last-child')!.textContent)).toEqual(ranks);
    expect(document.querySelector('caption')!.textContent).toContain(SENTENCE);
    // Sorting finds the cell by its index in the row.
    const head = [...document.querySelector('table')!.querySelectorAll('th[data-column]')].find((th) =>
      th.textContent!.startsWith('Average rank'),
    )!;
    const place = Number(head.getAttribute('data-column'));
    expect([...rows[1]!.children][place]!.getAttribute('data-value')).toBe(String(RANKS.methods[1].rank));
  });

  it('stay in the one table of the page, however many columns it has', () => {
    const wide = {
      ...results,
      tasks: ['a', 'b', 'c'].flatMap((k) => results.tasks.map((task) => ({ ...task, id: `${task.id}-${k}` }))),
      cells: ['a', 'b', 'c'].flatMap((k) => results.cells.map((cell) => ({ ...cell, task: `${cell.task}-${k}` }))),
    };
    const { document } = parseHTML(renderHtml(wide));
    const tables = document.querySelectorAll('#results table');
    expect(tables).toHaveLength(1);
    expect(tables[0]!.querySelector('caption')!.textContent).toContain(SENTENCE);
    const [row] = tables[0]!.querySelectorAll('tbody tr');
    expect([...row!.querySelectorAll('td')]).toHaveLength(3 * 8 + 1);
    // It begins with colours only, since so many figures do not fit on a screen.
    const chosen = (page: Document) => page.querySelector('.modes input[checked]')!.getAttribute('value');
    expect(chosen(document)).toBe('colours');
    expect(chosen(parseHTML(renderHtml(results)).document)).toBe('values');
  });

  it('say if no difference is significant', () => {
    const ranks = { ...RANKS, pValue: 0.31 };
    const text = renderTable({ ...results, statistics: { ...results.statistics, ranks } }, { width: 300 });
    expect(text).toContain('(Friedman p 0.310, no significant difference)');
  });
});

describe('leaks', () => {
  const results = withLeak(sampleResults(), 'pneumoniamnist');

  it('are footnotes of their columns in all formats', () => {
    const text = renderTable(results, { width: 80 });
    expect(text.match(/accuracy ↑¹/g)).toHaveLength(2);
    expect(text).toMatch(/✗²/);
    expect(text.replaceAll(/\s+/g, ' ')).toContain(`¹ Warning, ${LEAK_NOTE}`);
    expect(renderMarkdown(results).match(/accuracy ↑¹/g)).toHaveLength(2);
    expect(renderMarkdown(results)).toContain('- ¹ Warning, leak: the training split has seen test images, of 624');
    const { document } = parseHTML(renderHtml(results));
    const table = document.querySelector('table')!;
    const links = [...table.querySelectorAll('th sup a')];
    expect(links.map((link) => link.getAttribute('href'))).toEqual(['#note-1', '#note-1']);
    expect(links[0]!.getAttribute('title')).toBe(`Warning, ${LEAK_NOTE}`);
    expect(document.querySelector('#note-1')!.textContent).toBe(`Warning, ${LEAK_NOTE}`);
    expect([...document.querySelectorAll('li.warning')].map(({ id }) => id)).toEqual(['note-1']);
  });

  it('are described from the counts if there is no note, and are left out if nothing was found', () => {
    const [cell] = results.cells;
    const { notes: _, ...silent } = cell!;
    expect(leakWarnings([silent])).toEqual([
      'Warning, leak: the training split has seen test images: 12 pixel for pixel, 3 in all but encoding',
    ]);
    const nothing = { of: 'corpus', compared: 900, groups: 0, identical: 0, near: 0 } as const;
    expect(leakWarnings([{ ...silent, leaks: [nothing] }])).toEqual([]);
    expect(leakWarnings(sampleResults().cells)).toEqual([]);
  });
});
