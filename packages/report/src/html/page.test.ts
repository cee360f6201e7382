import { createHash } from 'node:crypto';
import type { RowSetup, RunResults } from '@medbench/core';
import { parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';
import { ANSWERS } from '../../test/answers.js';
import { columnTests, RANKS } from '../../test/compared.js';
import { valueOnAxis } from '../../test/read-plot.js';
import { ERROR, hostileResults, sampleResults } from '../../test/sample.js';
import { resultTable } from '../model.js';
import { renderHtml } from './page.js';

const renderPage = (results: RunResults) => parseHTML(renderHtml(results)).document;
const readText = (element: { textContent: string | null } | null | undefined): string => element?.textContent ?? '';

describe('renderHtml', () => {
  it('loads nothing and runs only its own script', () => {
    for (const results of [sampleResults(), hostileResults()]) {
      const text = renderHtml(results);
      const document = renderPage(results);
      expect(text).not.toMatch(/https?:\/\//);
      expect(text).not.toMatch(/@import|url\(/);
      expect(text.replaceAll('\n', '')).not.toMatch(/(?!\t)\p{Cc}|\p{Bidi_Control}/u);
      expect(
        document.querySelectorAll('link, img, iframe, object, embed, base, form, script[src], [onerror], [onload]'),
      ).toHaveLength(0);
      const scripts = [...document.querySelectorAll('script')];
      expect(scripts).toHaveLength(1);
      const hash = createHash('sha256').update(readText(scripts[0])).digest('base64');
      const policy = document.querySelector('meta[http-equiv]')!.getAttribute('content');
      expect(policy).toContain(`script-src 'sha256-${hash}'`);
      expect(policy).toContain("default-src 'none'");
    }
  });

  it('says which rows and seeds had their batch split to fit in memory', () => {
    const sample = sampleResults();
    const setup: RowSetup = {
      ...{ start: 'scratch', own: 0, inputs: [], teacher: null, phases: [600], settings: {} },
      frozen: { image: { blocks: '0 of 4', parameters: 0 }, text: { blocks: '0 of 2', parameters: 0 } },
    };
    const [record] = sample.training;
    const [unsplit, split] = ['clip', 'slip'] as const;
    const training = [
      { ...record!, method: unsplit, seed: 0, setup },
      { ...record!, method: split, seed: 0, setup: { ...setup, chunkSize: 8 } },
      { ...record!, method: split, seed: 1, setup },
    ];
    const section = [...renderPage({ ...sample, training }).querySelectorAll('section')].find((one) =>
      readText(one.querySelector('h2')).includes('What differs between the rows'),
    );
    const [first, second] = [...section!.querySelectorAll('tbody tr')].map(readText);
    expect(first).not.toContain('to fit in memory');
    expect(second).toContain('batch split into chunks of 8 to fit in memory (seed 0)');
  });

  it('shows hostile text as text', () => {
    const hostile = hostileResults();
    const document = renderPage(hostile);
    const visible = (text: string): string => text.replaceAll(/(?![\t\n])\p{Cc}|\p{Bidi_Control}/gu, '');
    expect(readText(document.querySelector('pre code'))).toBe(visible(hostile.run.command));
    expect(readText(document.querySelector('tbody th'))).toContain(visible(hostile.methods[0]!.title));
    expect(document.querySelectorAll('main svg script, main svg img')).toHaveLength(0);
    expect(document.querySelectorAll('figure:not(.cost) svg')).toHaveLength(1 + 8 + 3);
    expect(document.querySelectorAll('table tbody.methods tr')).toHaveLength(3);
  });

  it('lists the details of an answer whose sentence only gives counts', () => {
    const answer = {
      id: 'q',
      question: 'Q?',
      verdict: 'mixed',
      brief: 'Counts.',
      sentence: 'In short.',
      basis: 'By tests.',
      evidence: [],
    } as const;
    const html = renderHtml(sampleResults(), { answers: [{ ...answer, details: ['slip <helps>.', 'coca hurts.'] }] });
    const items = [...parseHTML(html).document.querySelectorAll('.answer li')].map(readText);
    expect(items).toEqual(['slip <helps>.', 'coca hurts.']);
  });

  it('begins with the title and question of the study', () => {
    const results = sampleResults();
    const study = { id: 'depth', title: 'Depth <b>', question: 'Does depth matter?', questions: [], variants: [] };
    const document = renderPage({ ...results, run: { ...results.run, study } });
    expect(readText(document.querySelector('h1'))).toBe('Depth <b>: 3 methods on 5 tasks, 1 seed');
    expect(readText(document.querySelector('header'))).toContain('Does depth matter?');
    expect(readText(renderPage(results).querySelector('header'))).not.toContain('The question:');
  });

  it('prints the figures of the results in the table', () => {
    const results = sampleResults();
    const { columns, rows } = resultTable(results);
    const lines = [...renderPage(results).querySelectorAll('table')[0]!.querySelectorAll('tbody tr')];
    rows.forEach(({ id }, r) => {
      const cells = [...lines[r]!.querySelectorAll('td')];
      columns.forEach(({ task, protocol }, c) => {
        const cell = results.cells.find((x) => x.method === id && x.task === task && x.protocol === protocol);
        const text = readText(cells[c]);
        if (!cell) expect(text).toBe('—');
        else if (cell.value === null) expect(text).toContain('✗ failed');
        else {
          expect(Number(cells[c]!.getAttribute('data-value'))).toBe(cell.value);
          expect(text).toBe(`${cell.value.toFixed(3)}[${cell.ci95!.map((x) => x.toFixed(2)).join(', ')}]`);
        }
      });
    });
    expect(readText(renderPage(results).querySelector('#note-1'))).toBe(ERROR);
  });

  it('draws the figures of the results in the forest plots', () => {
    const results = sampleResults();
    const svg = renderPage(results).querySelectorAll('svg')[0]!;
    const cells = results.cells.filter((c) => c.task === 'pneumoniamnist' && c.protocol === 'zero-shot');
    const valueAt = valueOnAxis(svg);
    const dots = [...svg.querySelectorAll('circle')];
    const lines = [...svg.querySelectorAll('g[stroke-width="1.5"] line')];
    expect(dots).toHaveLength(5);
    cells.forEach((cell, i) => {
      expect(readText(dots[i])).toContain(`${cell.method}: ${cell.value!.toFixed(3)}`);
      expect(valueAt(dots[i]!.getAttribute('cx'))).toBeCloseTo(cell.value!, 3);
      expect(valueAt(lines[i]!.getAttribute('x1'))).toBeCloseTo(cell.ci95![0], 3);
      expect(valueAt(lines[i]!.getAttribute('x2'))).toBeCloseTo(cell.ci95![1], 3);
      expect(readText(svg.querySelector('desc'))).toContain(`${cell.method}: ${cell.value!.toFixed(3)}`);
    });
  });

  it.each([
    ['without tests', sampleResults()],
    ['with tests, rare classes and leaks', hostileResults()],
  ])('has a sound document structure %s', (_, results) => {
    const document = renderPage(results);
    const levels = [...document.querySelectorAll('h1, h2, h3')].map(({ tagName }) => Number(tagName[1]));
    expect(levels.filter((level) => level === 1)).toHaveLength(1);
    levels.slice(1).forEach((level, i) => {
      expect(level - levels[i]!).toBeLessThanOrEqual(1);
    });
    for (const table of document.querySelectorAll('table')) {
      expect(table.querySelector('caption')).not.toBeNull();
      for (const head of table.querySelectorAll('th'))
        expect(head.getAttribute('scope')).toMatch(/^(col|row|colgroup)$/);
      const container = table.parentElement!;
      expect(container.getAttribute('class')).toBe('scroll');
      expect(container.getAttribute('tabindex')).toBe('0');
    }
    for (const svg of document.querySelectorAll('svg')) {
      expect(svg.getAttribute('role')).toBe('img');
      for (const name of ['aria-labelledby', 'aria-describedby']) {
        const told = document.querySelectorAll(`[id="${svg.getAttribute(name)}"]`);
        expect(told).toHaveLength(1);
        expect(readText(told[0])).not.toBe('');
      }
      expect(svg.getAttribute('fill')).toBe('currentColor');
    }
  });

  it('begins with the answers, each in one line that opens, the ranks and the table; contents and set-up follow', () => {
    const results = { ...sampleResults(), statistics: { level: 0.05, columns: [], ranks: RANKS } };
    const { document } = parseHTML(renderHtml(results, { answers: ANSWERS }));
    const parts = [...document.querySelectorAll('h2, nav')].map((part) =>
      part.tagName === 'NAV' ? 'contents' : readText(part),
    );
    expect(parts.slice(0, 5)).toEqual(['Answers', 'Ranks', 'Results', 'contents', 'What was run']);
    expect([...document.querySelectorAll('.answer > summary')].map(readText)).toEqual(
      ANSWERS.map(({ question, brief }) =>
        expect.stringMatching(`^${question.replaceAll(/[?()]/g, '\\$&')}.*${brief}$`),
      ),
    );
    const links = [...document.querySelectorAll('nav a')].map((link) => link.getAttribute('href')!);
    expect(links.slice(0, 4)).toEqual(['#answers', '#ranks', '#results', '#what-was-run']);
    for (const link of links) expect(document.querySelectorAll(`section[id="${link.slice(1)}"]`)).toHaveLength(1);
  });

  it('says which data is generated, and has its sections in order', () => {
    const document = renderPage(sampleResults());
    expect(readText(document.querySelector('.banner'))).toBe(
      'Generated phantoms: the figures marked * say nothing about medicine.',
    );
    expect([...document.querySelectorAll('h2')].map(readText)).toEqual([
      'Results',
      'What was run',
      'Figures with their uncertainty',
      'Learning curves',
      'Cost and quality',
      'All metrics',
      'What the numbers mean',
      'The run',
    ]);
  });

  it('marks all figures if all data is generated, and none if none is', () => {
    const sample = sampleResults();
    const all = (synthetic: boolean): RunResults => ({
      ...sample,
      run: { ...sample.run, synthetic },
      cells: sample.cells.map((cell) => ({ ...cell, synthetic: synthetic && cell.status === 'ok' })),
    });
    expect(readText(renderPage(all(true)).querySelector('.banner'))).toBe(
      'Generated phantoms: these figures say nothing about medicine.',
    );
    expect(renderPage(all(false)).querySelector('.banner')).toBeNull();
  });

  it('draws mean, spread and each single seed if there are several seeds', () => {
    const document = renderPage(sampleResults([0, 1, 2]));
    expect(document.querySelectorAll('svg')[0]!.querySelectorAll('circle')).toHaveLength(5 * (1 + 3));
    expect(readText(document.querySelector('caption'))).toContain('Mean ± standard deviation over seeds');
    expect(readText(document.querySelector('td.number small'))).toMatch(/^± \d\.\d{3}$/);
  });

  it('renders results without cells, without tasks, and with one method', () => {
    const sample = sampleResults();
    const nothing = renderPage({ ...sample, cells: [], tasks: [], methods: [], training: [] });
    expect(readText(nothing.querySelector('main'))).toContain('No cell has been measured yet.');
    const one = renderPage({
      ...sample,
      methods: sample.methods.slice(0, 1),
      cells: sample.cells.slice(0, 1),
      training: [],
    });
    expect(one.querySelectorAll('svg')).toHaveLength(1);
    expect(readText(one.querySelector('#what-was-run'))).toContain('1 method on 1 task in 1 modality, 1 column');
  });

  describe('with 9 methods, 3 controls, 40 columns and 5 seeds', () => {
    const sample = sampleResults([0, 1, 2, 3, 4]);
    const copies = [0, 1, 2, 3, 4];
    const rows = [0, 1, 2].map((i) => ({ i, methods: sample.methods.map((m) => ({ ...m, id: `${m.id}-${i}` })) }));
    const long = Array.from({ length: 3000 }, (_, step) => ({ step, loss: 4 + Math.sin(step) }));
    const large: RunResults = {
      ...sample,
      methods: rows.flatMap(({ methods }) => methods).filter(({ control, id }) => !control || id.endsWith('0')),
      tasks: copies.flatMap((k) => sample.tasks.map((task) => ({ ...task, id: `${task.id}-${k}` }))),
      training: rows.flatMap(({ i }) =>
        sample.training.map((r) => ({ ...r, method: `${r.method}-${i}`, curve: long })),
      ),
      cells: copies.flatMap((k) =>
        rows.flatMap(({ i }) =>
          sample.cells
            .filter(({ control }) => !control || i === 0)
            .map((cell) => ({ ...cell, task: `${cell.task}-${k}`, method: `${cell.method}-${i}` })),
        ),
      ),
    };

    it('stays below one megabyte', () => {
      expect(Buffer.byteLength(renderHtml(large))).toBeLessThan(1_000_000);
    });

    it('stays below 2.5 megabytes with every mark and hundreds of confusion matrices of 7 classes', () => {
      const methods = large.methods.filter(({ control }) => !control).map(({ id }) => id);
      const [best, ...others] = methods;
      const classes = Array.from({ length: 7 }, (_, i) => `class number ${i}`);
      const classification = { classes, confusion: classes.map(() => classes.map(() => 123)), rare: [] };
      const doubt = { 'untrained-0': [0.1, 0.2], 'majority-0': [0.1, 0.2], 'raw-pixels-0': [0.1, 0.2] } as const;
      const tests = {
        best: best!,
        againstBest: Object.fromEntries(others.map((id) => [id, 0.5])),
        againstControls: Object.fromEntries(methods.map((id) => [id, doubt])),
      };
      const columns = large.tasks.flatMap(({ id: task, protocols }) =>
        protocols.map((protocol) => columnTests({ task, protocol, metric: 'accuracy' }, tests, sample.run.seeds)),
      );
      const classified = ['zero-shot', 'linear-probe'];
      const text = renderHtml({
        ...large,
        cells: large.cells.map((cell) => (classified.includes(cell.protocol) ? { ...cell, classification } : cell)),
        statistics: { level: 0.05, columns, ranks: null },
      });
      expect(text.match(/class="mark"/g)!.length).toBeGreaterThan(600);
      expect(Buffer.byteLength(text)).toBeLessThan(2_500_000);
    });
  });
});
