import type { RunResults } from '@medbench/core';
import { parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';
import { columnTests, TESTED, withTests } from '../test/compared.js';
import { sampleResults } from '../test/sample.js';
import { renderHtml, renderMarkdown, renderTable } from './index.js';

interface Written {
  /** The marks beside a row's figure, by id of the row; undefined if the row is missing. */
  readonly marks: (id: string) => string | undefined;
  /** The text of the table and of its captions and footnotes. */
  readonly text: string;
  /** Rows whose figure is bold; undefined if the format has no bold. */
  readonly bold: readonly string[] | undefined;
}

const signs = (text: string | null | undefined): string | undefined => text?.replaceAll(/[^≈∘✗—]/g, '');

const FORMATS: Readonly<Record<string, (results: RunResults) => Written>> = {
  terminal: (results) => {
    const text = renderTable(results, { width: 400 });
    const row = (id: string) => text.split('\n').find((line) => line.startsWith(`${id} `));
    return { text, marks: (id) => signs(row(id)), bold: undefined };
  },
  markdown: (results) => {
    const text = renderMarkdown(results);
    const findTitle = (id: string) => results.methods.find((method) => method.id === id)!.title;
    const rows = text.split('\n').map((line) => line.split('|').map((cell) => cell.trim().replace(/^\*(.+)\*$/, '$1')));
    const row = (id: string) => rows.find((cells) => cells[1] === findTitle(id));
    const bold = results.methods.map(({ id }) => id).filter((id) => text.match(`\\| ${findTitle(id)} +\\| +\\*\\*`));
    return { text, marks: (id) => signs(row(id)?.[2]), bold };
  },
  html: (results) => {
    const { document } = parseHTML(renderHtml(results));
    const section = document.querySelector('#results')!;
    const rows = [...section.querySelectorAll('tbody tr')];
    const row = (id: string) =>
      rows[[...results.methods].sort((a, b) => Number(a.control) - Number(b.control)).findIndex((m) => m.id === id)];
    const bold = results.methods.map(({ id }) => id).filter((id) => row(id)?.querySelector('strong'));
    return { text: section.textContent ?? '', marks: (id) => signs(row(id)?.querySelector('td')?.textContent), bold };
  },
};

const CLEAR = { 'clip-scratch': 0.0004, clip: 0.0001 };
const ABOVE = { untrained: [0.2, 0.001], majority: [0.2, 0.001] } as const;

describe.each(Object.entries(FORMATS))('marks in %s', (_, read) => {
  it('are absent beside all others for a clear win, and the caption says why', () => {
    const against = { clip: ABOVE, 'clip-scratch': ABOVE, 'clip-partial': ABOVE };
    const { marks, text, bold } = read(
      withTests(sampleResults(), { best: 'clip-partial', againstBest: CLEAR, againstControls: against }),
    );
    expect(['clip', 'clip-scratch', 'clip-partial', 'untrained', 'majority'].map(marks)).toEqual(Array(5).fill(''));
    expect(text).toContain(
      'Every other method that was compared is significantly worse than the best of its column (paired test on the same examples, Holm over 3 comparisons, 5 %).',
    );
    expect(text).toContain('significantly above every control of its column (same test, Holm over 6 comparisons).');
    expect(text).not.toMatch(/[≈∘]/);
    if (bold) expect(bold).toEqual(['clip-partial']);
  });

  it('are ≈ for a p at or above the level, and ∘ if one control is not significantly below', () => {
    const { marks, text } = read(
      withTests(sampleResults(), {
        best: 'clip-partial',
        againstBest: { clip: 0.049, 'clip-scratch': 0.05 },
        againstControls: {
          clip: { untrained: [0.2, 0.001], majority: [0.2, 0.05] },
          // Significantly different, but below the control.
          'clip-scratch': { untrained: [0.2, 0.001], majority: [-0.2, 0.001] },
          'clip-partial': ABOVE,
        },
      }),
    );
    expect(['clip', 'clip-scratch', 'clip-partial', 'majority'].map(marks)).toEqual(['∘', '≈∘', '', '']);
    expect(text).toContain(
      '≈ not significantly worse than the best of the column; methods without ≈ are significantly worse (paired test on the same examples, Holm over 3 comparisons, 5 %).',
    );
    expect(text).toContain(
      '∘ not significantly above every control of the column (same test, Holm over 6 comparisons).',
    );
    expect(text).toContain('The spread over training seeds is not in these tests: they compare one seed.');
  });

  it('are absent beside a failed cell, which shows ✗', () => {
    const sample = sampleResults();
    const cells = sample.cells.map((cell) =>
      cell.method === 'clip'
        ? { ...cell, status: 'failed' as const, value: null, ci95: null, metrics: {}, error: 'out of memory' }
        : cell,
    );
    const { marks, text } = read(
      withTests({ ...sample, cells }, { best: 'clip-partial', againstBest: { 'clip-scratch': 0.3 } }),
    );
    expect(['clip', 'clip-scratch', 'clip-partial'].map(marks)).toEqual(['✗', '≈', '']);
    expect(text).toContain('out of memory');
    expect(text).not.toContain('not compared');
  });

  it('are absent if there are no tests', () => {
    const { marks, text } = read(sampleResults());
    expect(marks('clip')).toBe('');
    expect(text).not.toMatch(/[≈∘]|significant|rank over|not compared|no test/);
  });

  it('come without the sentence about one seed if there are several seeds', () => {
    const { marks, text } = read(
      withTests(sampleResults([0, 1, 2]), { best: 'clip-partial', againstBest: { clip: 0.001, 'clip-scratch': 0.3 } }),
    );
    expect(['clip', 'clip-scratch', 'clip-partial'].map(marks)).toEqual(['', '≈', '']);
    expect(text).not.toContain('seeds is not in');
  });

  it('come without the sentence about controls or about methods if there is nothing to compare', () => {
    const sample = sampleResults();
    const methods = sample.methods.filter(({ control }) => !control);
    const noControl = { ...sample, methods, cells: sample.cells.filter(({ control }) => !control) };
    const without = read(withTests(noControl, { best: 'clip-partial', againstBest: { clip: 0.2, 'clip-scratch': 1 } }));
    expect(['clip', 'clip-scratch'].map(without.marks)).toEqual(['≈', '≈']);
    expect(without.text).not.toContain('every control');

    const one = {
      ...sample,
      methods: sample.methods.filter(({ id, control }) => control || id === 'clip'),
      cells: sample.cells.filter(({ method, control }) => control || method === 'clip'),
    };
    const alone = read(withTests(one, { best: 'clip', againstControls: { clip: { untrained: [0.1, 0.2] } } }));
    expect(alone.marks('clip')).toBe('∘');
    expect(alone.text).toContain('column (paired test on the same examples, Holm over 1 comparison, 5 %).');
    expect(alone.text).not.toContain('than the best');
    expect(alone.text).not.toContain('no test');
  });

  it('have a footnote if the best method of the tests is not the printed best', () => {
    const { marks, text, bold } = read(
      withTests(sampleResults(), { best: 'clip', againstBest: { 'clip-partial': 0.4, 'clip-scratch': 0.01 } }),
    );
    expect(['clip', 'clip-scratch', 'clip-partial'].map(marks)).toEqual(['', '', '≈']);
    expect(text).toContain(
      'the tests compare with CLIP, fine-tuned (clip), which has the highest mean score per test example; by accuracy another method is best',
    );
    if (bold) expect(bold).toEqual(['clip-partial']);
  });

  it('have a footnote if a method was not compared, or if nothing was', () => {
    const some = read(withTests(sampleResults(), { best: 'clip-partial', againstBest: { clip: 0.4 } }));
    expect(some.marks('clip-scratch')).toBe('');
    expect(some.text).toContain('not compared with the other rows: no test of its difference');
    if (some.bold) expect(some.bold).toEqual(['clip-partial']);
    const none = read({ ...withTests(sampleResults(), { best: null }), statistics: STATED });
    expect(none.text).toContain('no test says which differences between the methods of this column are real');
  });
});

const STATED = { level: 0.05, columns: [], ranks: null };

describe('the caption of tests', () => {
  it('gives the range of counts if columns differ', () => {
    const sample = sampleResults();
    const other = { ...TESTED, protocol: 'linear-probe' } as const;
    const columns = [
      columnTests(TESTED, { best: 'clip', againstBest: { 'clip-scratch': 0.2, 'clip-partial': 0.2 } }),
      columnTests(other, { best: 'clip', againstBest: { 'clip-scratch': 0.2 } }, [0, 1]),
    ];
    const text = renderMarkdown({ ...sample, statistics: { level: 0.01, columns, ranks: null } });
    expect(text).toContain('Holm over 2 to 3 comparisons, 1 %).');
    expect(text).toContain('In 1 of 2 columns fewer than two seeds are common to all rows: the spread');
  });

  it('fits the width of the terminal', () => {
    const text = renderTable(withTests(sampleResults(), { best: 'clip', againstBest: { 'clip-partial': 1 } }), {
      width: 60,
    });
    const below = text.slice(text.indexOf('≈ not'));
    for (const line of below.split('\n')) expect([...line].length).toBeLessThanOrEqual(60);
    expect(below.replaceAll(/\s+/g, ' ')).toContain('mean score per test example; by accuracy another method is best');
  });
});
