import { parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';
import { hostileResults } from '../../test/sample.js';
import { sampleWatchedRun } from '../../test/watched.js';
import { drawCurves, glyph, ticks } from './curves.js';
import { renderWatchPage, watchPagePolicy } from './page.js';
import { pageState } from './parts.js';
import { describeChanges, drawSparkline, renderWatchedRun } from './terminal.js';
import { roughly } from './words.js';

const readText = (element: { textContent: string | null } | null | undefined): string => element?.textContent ?? '';

describe('the terminal', () => {
  it('shows what happens, losses, speed, silence, failures, and the figures that are there', () => {
    const text = renderWatchedRun(sampleWatchedRun(), { width: 200 });
    expect(text).toContain('sample · demo · compiled\nFigures marked * are on generated phantoms');
    expect(text).toContain(
      'Running: 2 of 4 units finished (1 failed), 1 at work, 1 figure failed.\nAbout 4 min left: by the clock.',
    );
    expect(text).toMatch(
      /working {2}clip-scratch:0 {2}step 21 of 40, loss 2\.000 █▅▁, 312 pairs\/s, 4 min of work left, process 7 on node-1, no sign of life for 2 min/,
    );
    expect(text).toMatch(/done +clip:0 .*loss 1\.050 .*validation 1\.500/);
    expect(text).toContain('clip-partial:0 on vqa-rad: No such file');
    expect(text).toMatch(/^clip-scratch +…/m);
    expect(text).toContain('… not measured yet');
    for (const line of renderWatchedRun(sampleWatchedRun(), { width: 60 }).split('\n').slice(0, 11)) {
      expect([...line].length).toBeLessThanOrEqual(60);
    }
    expect(renderWatchedRun(sampleWatchedRun(), { color: true })).toContain('\u001b[36mworking\u001b[0m');
  });

  it('draws a curve from its highest loss to its lowest, and durations in words', () => {
    expect(drawSparkline([8, 7, 6, 5, 4, 3, 2, 1].map((loss, step) => ({ step, loss })))).toBe('█▇▆▅▄▃▂▁');
    expect(drawSparkline([{ step: 0, loss: 1 }])).toBe('');
    expect([29, 30, 3569, 7200, 180_000, 1_000_000].map(roughly)).toEqual([
      'under a minute',
      '1 min',
      '59 min',
      '2 h 0 min',
      '2 days 2 h',
      '11 days 13 h',
    ]);
  });

  it('says what has changed, and nothing if a training came little further', () => {
    const before = sampleWatchedRun();
    const scratch = before.units[1]!;
    const now = (unit: Partial<typeof scratch>) => ({
      ...before,
      units: before.units.map((one) => (one === scratch ? { ...one, ...unit } : one)),
    });
    expect(describeChanges(before, now({ step: 22 }))).toEqual([]);
    expect(describeChanges(before, now({ step: 30 }))).toEqual(['working  clip-scratch:0: step 30 of 40, loss 2.000']);
    expect(describeChanges(before, now({ step: 40, task: 'vqa-rad' }))).toEqual([
      'working  clip-scratch:0: measures vqa-rad, 0 of 5 tasks measured',
    ]);
    const [cell] = before.table.cells;
    const measured = { ...cell!, method: 'clip-scratch', value: 0.5, synthetic: true };
    const ended = {
      ...before,
      state: 'ended' as const,
      table: { ...before.table, cells: [...before.table.cells, measured] },
    };
    expect(describeChanges(before, ended)).toEqual([
      `cell  clip-scratch:0 / ${measured.task} / ${measured.protocol}: ${measured.metric} 0.500 *`,
      'Ended: 20 figures measured, 1 figure failed.',
    ]);
  });
});

describe('the plot', () => {
  const { curves } = pageState(sampleWatchedRun());

  it('draws the losses where the axes say', () => {
    const { document } = parseHTML(`<body>${drawCurves(curves, { width: 500, height: 300 }).text}</body>`);
    // The axes, from the places and the texts of two ticks each.
    const tick = (anchor: string, place: 'x' | 'y') =>
      [...document.querySelectorAll('text')]
        .filter((text) => text.getAttribute('text-anchor') === anchor && /^[\d.]+$/.test(readText(text)))
        .map((text) => [Number(text.getAttribute(place)), Number(readText(text))] as const);
    const scale = (found: readonly (readonly [number, number])[]) => {
      const [[a, low], [b, high]] = [found[0]!, found.at(-1)!];
      return (value: number): number => a + ((value - low) * (b - a)) / (high - low);
    };
    const y = scale(tick('end', 'y').filter(([, value]) => value < 5));
    const x = scale(tick('middle', 'x').filter(([, value]) => value % 10 === 0));
    const path = document.querySelector('.c1 path:not(.validation)')!.getAttribute('d')!;
    const points = path
      .split(/[ML]/)
      .filter(Boolean)
      .map((point) => point.split(',').map(Number));
    [0, 10, 20].forEach((step, i) => {
      expect(points[i]![0]).toBeCloseTo(x(step), 0);
      expect(points[i]![1]).toBeCloseTo(y(4 - step / 10), 0);
    });
    expect(document.querySelectorAll('.validation')).toHaveLength(1);
    expect(readText(document.querySelector('desc'))).toContain('CLIP from scratch, seed 0: 2.000 at step 20');
  });

  it('has round ticks, and a look of its own for each of 36 rows', () => {
    expect(ticks(0, 40, 4)).toEqual([0, 10, 20, 30, 40]);
    expect(ticks(0.93, 4.1, 4)).toEqual([1, 2, 3, 4]);
    expect(ticks(1, 1, 4)).toEqual([1]);
    expect(new Set(Array.from({ length: 36 }, (_, look) => `${look % 6} ${glyph(look)}`)).size).toBe(36);
  });

  it('draws nothing rather than something wrong without points', () => {
    for (const shown of [[], [{ ...curves[0]!, loss: [], validation: [] }]]) {
      expect(drawCurves(shown, { width: 360, height: 300 }).text).not.toContain('NaN');
    }
    const infinite = [{ ...curves[0]!, loss: [[0, Number.NaN] as const, [1, 2] as const] }];
    expect(drawCurves(infinite, { width: 360, height: 300 }).text).not.toContain('NaN');
  });
});

describe('the page', () => {
  it('loads nothing, may ask its own server only, and shows hostile text as text', () => {
    const { methods, tasks, cells } = hostileResults();
    const run = sampleWatchedRun();
    const evil = '</script><img src=x onerror=alert(1)>';
    const page = renderWatchPage({
      ...run,
      ...{ folder: `/runs/${evil}`, unknown: [evil] },
      failures: [{ unit: evil, why: evil, host: evil }],
      units: [{ ...run.units[0]!, id: evil, row: evil, host: evil }],
      curves: [{ ...run.curves[0]!, id: evil, row: evil }],
      table: { ...run.table, rows: methods.map((method) => ({ ...method, protocols: [evil] })), tasks, cells },
    });
    const { document } = parseHTML(page);
    expect(page).not.toMatch(/https?:\/\/(?!www\.w3\.org)/);
    expect(document.querySelectorAll('img, iframe, link:not([href="data:,"]), script[src], [onerror]')).toHaveLength(0);
    expect(document.querySelectorAll('script')).toHaveLength(1);
    expect(readText(document.querySelector('[data-part="failures"] li'))).toContain(evil);
    const policy = document.querySelector('meta[http-equiv]')!.getAttribute('content')!;
    expect(policy).toMatch(/default-src 'none'.*connect-src 'self'; script-src 'sha256-[^']+'/);
    expect(watchPagePolicy()).toBe(`${policy}; frame-ancestors 'none'`);
  });

  it('says that data is generated beside figures and curves, and keeps a place for what is to come', () => {
    const { document } = parseHTML(renderWatchPage(sampleWatchedRun()));
    expect(readText(document.querySelector('.banner:not([hidden])'))).toContain('Generated phantoms');
    expect(readText(document.querySelector('[data-legend]'))).toMatch(/CLIP from scratch\s\*/);
    const pending = [...document.querySelectorAll('#results tbody.methods tr')][1]!;
    expect([...pending.querySelectorAll('td')].map(readText)).toEqual(Array(8).fill('…'));
    const real = sampleWatchedRun({ synthetic: false });
    const table = { ...real.table, cells: real.table.cells.map((cell) => ({ ...cell, synthetic: false })) };
    const curves = real.curves.map((curve) => ({ ...curve, synthetic: false }));
    const { document: other } = parseHTML(renderWatchPage({ ...real, table, curves }));
    other.querySelector('script')!.remove();
    other.querySelector('style')!.remove();
    expect(readText(other.body)).not.toMatch(/phantoms: |\*/);
  });
});
