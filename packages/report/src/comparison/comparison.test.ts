import { parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';
import { sampleComparison } from '../../test/compared-runs.js';
import { valueOnAxis } from '../../test/read-plot.js';
import { describeTest, summariseComparison } from './model.js';
import { renderComparison } from './page.js';
import { renderComparisonTable } from './terminal.js';

const compared = sampleComparison();
const document = parseHTML(renderComparison(compared)).document;
const { cells, level } = compared.comparison;

describe('the comparison of two runs', () => {
  it('gives each cell the verdict of its test, in the page and in the table', () => {
    const rows = [...document.querySelectorAll('#cells-of-both-runs tbody tr')];
    expect(rows).toHaveLength(cells.length);
    const text = renderComparisonTable(compared, { width: 200 }).split('\n');
    const lines = text.filter((line) => /(better|no difference found|not tested \[\d+\])$/.test(line));
    expect(lines).toHaveLength(cells.length);
    const verdicts = rows.map((row) => row.querySelector('td:last-child')!.textContent);
    expect([...verdicts].sort()).toEqual(cells.map((cell) => describeTest(cell, level)).sort());
    expect(verdicts.filter((verdict) => verdict === 'first better').length).toBeGreaterThan(1);
    expect(text.join('\n')).toContain('different test sets: 451 and 450 examples');
    expect(cells.find(({ row, task }) => row === 'clip-partial' && task === 'vqa-rad')!.reason).toBe(
      'failed in the first run, failed in the second run',
    );
  });

  it('draws each tested difference and its interval at their values', () => {
    const plots = [...document.querySelectorAll('#differences-with-their-intervals svg')];
    const keys = [...new Set(cells.map(({ task, protocol }) => `${task} ${protocol}`))];
    const columns = keys.map((key) => cells.filter((c) => c.test && `${c.task} ${c.protocol}` === key));
    const drawn = columns.filter(({ length }) => length > 0);
    expect(plots).toHaveLength(drawn.length);
    plots.forEach((svg, i) => {
      const valueAt = valueOnAxis(svg);
      const sorted = [...drawn[i]!].sort(
        (a, b) => Number(a.test!.adjusted >= level) - Number(b.test!.adjusted >= level),
      );
      const dots = [...svg.querySelectorAll('circle')];
      const lines = [...svg.querySelectorAll('g[stroke-width="1.5"] line')];
      expect(dots).toHaveLength(sorted.length);
      sorted.forEach(({ difference, test }, k) => {
        expect(valueAt(dots[k]!.getAttribute('cx'))).toBeCloseTo(difference!, 3);
        expect(valueAt(lines[k]!.getAttribute('x1'))).toBeCloseTo(test!.ci95[0], 3);
        expect(valueAt(lines[k]!.getAttribute('x2'))).toBeCloseTo(test!.ci95[1], 3);
      });
    });
  });

  it('claims no more than its tests', () => {
    expect(summariseComparison(compared)[0]).toMatch(
      /^\d+ cells in both runs, \d+ of them tested: \d+ significant differences \(/,
    );
    const none = { ...compared, comparison: { ...compared.comparison, cells: [], tested: 0 } };
    expect(summariseComparison(none)).toEqual([
      'The two runs have no cell in common.',
      'The runs differ in their seeds alone.',
    ]);
  });
});
