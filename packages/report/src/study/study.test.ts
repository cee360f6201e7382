import { parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';
import { sampleBesideStudy } from '../../test/beside-study.js';
import { valueOnAxis } from '../../test/read-plot.js';
import { summariseStudyComparison } from './model.js';
import { renderStudyComparison } from './page.js';
import { renderStudyTable } from './terminal.js';

const shown = sampleBesideStudy();
const html = renderStudyComparison(shown);
const { document } = parseHTML(html);
const { cells } = shown.comparison;
const both = cells.filter(({ run }) => run !== null);
const judged = both.filter(({ differenceInterval }) => differenceInterval !== null);

describe('a run beside the study', () => {
  it('has every verdict in this sample', () => {
    expect([...new Set(cells.map(({ verdict }) => verdict))].sort()).toEqual([
      'above',
      'below',
      'no interval',
      'not in the run',
      'not judged',
      'within',
    ]);
  });

  it('gives each figure its verdict, its reason and its doubts, in the page and in the table', () => {
    const rows = [...document.querySelectorAll('#figures-of-the-run-and-of-the-study tbody tr')];
    expect(rows).toHaveLength(both.length);
    const read = rows.map((row) => row.querySelector('.verdict-cell')!.textContent);
    const expected = both.map(({ verdict, reason }) => (reason === undefined ? verdict : `${verdict}: ${reason}`));
    expect([...read].sort()).toEqual([...expected].sort());
    const doubts = [...document.querySelectorAll('#reasons-to-doubt-figures-of-the-study li')];
    expect(doubts.map(({ textContent }) => textContent)).toEqual(shown.doubts);
    const links = rows.flatMap((row) => [...row.querySelectorAll('a')]);
    expect(links).toHaveLength(both.reduce((sum, cell) => sum + cell.doubts.length, 0));
    for (const link of links)
      expect(document.querySelector(link.getAttribute('href')!)!.textContent).toBe(link.getAttribute('title'));
    const lines = renderStudyTable(shown, { width: 400 }).split('\n');
    const pattern = /(within|above|below|no interval \(\w\)|not judged \(\w\))( +(\[\d+\])+)?$/;
    expect(lines.filter((line) => pattern.test(line))).toHaveLength(both.length);
  });

  it('draws each judged difference and its interval at their values', () => {
    const plots = [...document.querySelectorAll('#differences-with-their-intervals svg')];
    let drawn = 0;
    for (const svg of plots) {
      const title = svg.querySelector('title')!.textContent;
      const cellsOfPlot = judged
        .filter(
          ({ row, metric, protocol }) =>
            title === `Differences of ${row} in ${metric}, ${shown.words(protocol).title}, run minus study`,
        )
        .sort((a, b) => Number(a.verdict === 'within') - Number(b.verdict === 'within'));
      const valueAt = valueOnAxis(svg);
      const dots = [...svg.querySelectorAll('circle')];
      const lines = [...svg.querySelectorAll('g[stroke-width="1.5"] line')];
      expect(dots).toHaveLength(cellsOfPlot.length);
      cellsOfPlot.forEach(({ difference, differenceInterval }, i) => {
        expect(valueAt(dots[i]!.getAttribute('cx'))).toBeCloseTo(difference!, 3);
        expect(valueAt(lines[i]!.getAttribute('x1'))).toBeCloseTo(differenceInterval![0], 3);
        expect(valueAt(lines[i]!.getAttribute('x2'))).toBeCloseTo(differenceInterval![1], 3);
      });
      drawn += dots.length;
    }
    expect(drawn).toBe(judged.length);
  });

  it('counts what it judged, and escapes names', () => {
    const count = (verdict: string): number => cells.filter((cell) => cell.verdict === verdict).length;
    expect(summariseStudyComparison(shown)[0]).toBe(
      `${both.length} figures of the run beside the study’s, ${judged.length} of them judged: ${count('within')} within, ${count('above')} above, ${count('below')} below.`,
    );
    expect(html).not.toContain('<b>clip</b>');
    const none = { ...shown, comparison: { ...shown.comparison, cells: [], pairs: [] } };
    expect(summariseStudyComparison(none)).toEqual([
      expect.stringContaining('No row of the run is a row of the study'),
    ]);
    expect(renderStudyTable(none)).toContain('--pair ROW=STUDYROW');
    expect(renderStudyComparison(none)).toContain('What is compared');
  });
});
