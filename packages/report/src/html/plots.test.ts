import type { RunResults } from '@medbench/core';
import { DOMParser, parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';
import { RANKS } from '../../test/compared.js';
import { valueOnAxis } from '../../test/read-plot.js';
import { sampleResults } from '../../test/sample.js';
import { findCliques } from '../cliques.js';
import { renderPlots } from '../plots.js';
import { renderHtml } from './page.js';

const renderPage = (results: RunResults) => parseHTML(renderHtml(results)).document;
const number = (element: { getAttribute(name: string): string | null }, name: string): number =>
  Number(element.getAttribute(name));

describe('the rank diagram', () => {
  const ranked = (ranks: object): RunResults => ({
    ...sampleResults(),
    statistics: { level: 0.05, columns: [], ranks: { ...RANKS, ...ranks } },
  });
  const drawn = (results: RunResults) => {
    const svg = renderPage(results).querySelector('#ranks svg')!;
    const valueAt = valueOnAxis(svg);
    const dots = [...svg.querySelectorAll('circle')];
    const bars = [...svg.querySelectorAll('g[stroke="var(--accent)"] line')].map((line) =>
      dots
        .filter((dot) => number(dot, 'cx') >= number(line, 'x1') && number(dot, 'cx') <= number(line, 'x2'))
        .map((dot) => dot.textContent!.split(':')[0]),
    );
    const [scale] = svg.querySelectorAll('g[stroke-width="2"] line');
    return { svg, valueAt, dots, bars, scale: scale! };
  };

  it.each([true, false])(
    'is a document of its own for trackers, which says whether the data is generated: %s',
    (synthetic) => {
      const results = ranked({});
      const [plot, ...others] = renderPlots({ ...results, run: { ...results.run, synthetic } });
      expect([plot!.generated, others]).toEqual([synthetic, []]);
      const { documentElement } = new DOMParser().parseFromString(plot!.svg, 'image/svg+xml');
      expect(documentElement.getAttribute('xmlns')).toBe('http://www.w3.org/2000/svg');
      expect(documentElement.querySelectorAll('circle')).toHaveLength(RANKS.methods.length);
      expect(documentElement.textContent.includes('Generated data (phantoms)')).toBe(synthetic);
      expect(number(documentElement, 'height')).toBeGreaterThan(60);
    },
  );

  it('draws methods at their ranks, the critical difference to scale, and bars between methods that do not differ', () => {
    const { svg, valueAt, dots, bars, scale } = drawn(ranked({}));
    const sorted = [...RANKS.methods].sort((a, b) => a.rank - b.rank);
    sorted.forEach(({ id, rank }, i) => {
      expect(dots[i]!.textContent).toBe(`${id}: ${rank.toFixed(2)}`);
      expect(valueAt(dots[i]!.getAttribute('cx'))).toBeCloseTo(rank, 2);
    });
    const length = valueAt(scale.getAttribute('x2')) - valueAt(scale.getAttribute('x1'));
    expect(length).toBeCloseTo(RANKS.criticalDifference, 2);
    // 1.64 - 1.50 is below 0.95, 2.86 - 1.64 is not.
    expect(bars).toEqual([['clip', 'clip-partial']]);
    expect(svg.querySelector('desc')!.textContent).toContain('not significantly different: clip to clip-partial.');
    // Better half on the left from the top, worse half on the right from the top.
    const labels = [...svg.querySelectorAll('text')]
      .map((text) => text.textContent!)
      .filter((text) => text.includes('clip') && text.includes('  '));
    expect(labels).toEqual(['clip  1.50', 'clip-partial  1.64', '2.86  clip-scratch']);
  });

  it('connects all methods if Friedman’s test finds no difference', () => {
    const results = ranked({ pValue: 0.3 });
    expect(drawn(results).bars).toEqual([['clip', 'clip-partial', 'clip-scratch']]);
    expect(renderPage(results).querySelector('#ranks')!.textContent).toContain('finds no difference among them');
  });

  it('connects maximal groups of methods', () => {
    expect(findCliques([1, 1.5, 2.2, 4, 4.5], 1)).toEqual([
      [0, 1],
      [1, 2],
      [3, 4],
    ]);
    expect(findCliques([1, 3, 5], 1)).toEqual([]);
    expect(findCliques([1, 2], 1)).toEqual([]);
    expect(findCliques([1, 1, 1], 0.5)).toEqual([[0, 2]]);
  });
});

describe('forest plots of several seeds', () => {
  const results = sampleResults([0, 1, 2]);
  const cellsBySeed = (method: string, tasks: readonly string[]) =>
    [0, 1, 2].map((seed) =>
      results.cells.filter(
        (cell) =>
          cell.method === method && cell.seed === seed && cell.protocol === 'zero-shot' && tasks.includes(cell.task),
      ),
    );
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

  it('show the mean, the deviation, the interval over examples, and each seed', () => {
    const svg = renderPage(results).querySelector('#figures-with-their-uncertainty svg')!;
    const valueAt = valueOnAxis(svg);
    const cells = cellsBySeed('clip', ['pneumoniamnist']).map(([cell]) => cell!);
    const values = cells.map(({ value }) => value!);
    const sd = Math.sqrt(values.reduce((sum, v) => sum + (v - mean(values)) ** 2, 0) / 2);
    const thin = svg.querySelector('g[stroke-width="1.5"] line')!;
    const thick = svg.querySelector('g[stroke-width="5"] line')!;
    expect(valueAt(thin.getAttribute('x1'))).toBeCloseTo(mean(cells.map(({ ci95 }) => ci95![0])), 3);
    expect(valueAt(thin.getAttribute('x2'))).toBeCloseTo(mean(cells.map(({ ci95 }) => ci95![1])), 3);
    expect(valueAt(thick.getAttribute('x1'))).toBeCloseTo(mean(values) - sd, 3);
    expect(valueAt(thick.getAttribute('x2'))).toBeCloseTo(mean(values) + sd, 3);
    const dots = [...svg.querySelectorAll('circle')];
    const seeds = dots.filter((dot) => number(dot, 'cy') === number(dots[0]!, 'cy') && dot.getAttribute('r') === '2.5');
    expect(seeds.map((dot) => valueAt(dot.getAttribute('cx'))).map((v) => v.toFixed(3))).toEqual(
      values.map((v) => v.toFixed(3)),
    );
  });

  it('show the mean over the tasks of a modality with its interval, for one seed', () => {
    // All tasks get the same modality, so that there are several to average.
    const sample = sampleResults();
    const tasks = sample.tasks.map((task) => ({ ...task, modality: 'all' }));
    const svg = renderPage({ ...sample, tasks }).querySelector('.means svg')!;
    const cells = sample.cells.filter(({ method, protocol }) => method === 'clip' && protocol === 'zero-shot');
    expect(svg.querySelector('title')!.textContent).toContain(`All: mean over ${cells.length} tasks, zero-shot`);
    const valueAt = valueOnAxis(svg);
    const value = mean(cells.map((cell) => cell.value!));
    const arm = (side: 0 | 1) =>
      Math.sqrt(cells.reduce((sum, cell) => sum + (cell.value! - cell.ci95![side]) ** 2, 0)) / cells.length;
    expect(valueAt(svg.querySelector('circle')!.getAttribute('cx'))).toBeCloseTo(value, 3);
    const line = svg.querySelector('g[stroke-width="1.5"] line')!;
    expect(valueAt(line.getAttribute('x1'))).toBeCloseTo(value - arm(0), 3);
    expect(valueAt(line.getAttribute('x2'))).toBeCloseTo(value + arm(1), 3);
  });
});

describe('learning curves', () => {
  const points = (d: string) =>
    [...d.matchAll(/[ML]?(-?[\d.]+),(-?[\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)]);

  it('show the recorded losses, dashed for held-out pairs', () => {
    const sample = sampleResults();
    const validation = {
      curve: [
        { step: 100, loss: 3 },
        { step: 400, loss: 2 },
      ],
      kept: { step: 400, loss: 2 },
      stoppedEarly: false,
    };
    const training = sample.training.map((record) => ({ ...record, validation }));
    const svg = renderPage({ ...sample, training }).querySelector('#learning-curves svg')!;
    const axis = (which: 0 | 1) => {
      // The ticks of the losses are left of the plot, those of the steps below it.
      const labels = [...svg.querySelectorAll('g[font-variant="tabular-nums"]')][which]!.querySelectorAll('text');
      const ticks = [...labels].map((label) => {
        const [, x, y] = /translate\(([-\d.]+),([-\d.]+)\)/.exec(label.getAttribute('transform')!)!;
        return { value: Number(label.textContent), x: Number(x), y: Number(y) };
      });
      return [ticks[0]!, ticks.at(-1)!] as const;
    };
    const [x0, x1] = axis(0);
    const [y0, y1] = axis(1);
    const read = ([x, y]: number[]) => ({
      step: x0.value + ((x! - x0.x) / (x1.x - x0.x)) * (x1.value - x0.value),
      loss: y0.value + ((y! - y0.y) / (y1.y - y0.y)) * (y1.value - y0.value),
    });
    const [train] = svg.querySelectorAll('g[stroke="var(--accent)"] path');
    const drawn = points(train!.getAttribute('d')!).map(read);
    const { curve } = sample.training[0]!;
    expect(drawn).toHaveLength(curve.length);
    curve.forEach(({ step, loss }, i) => {
      expect(drawn[i]!.step).toBeCloseTo(step, 0);
      expect(drawn[i]!.loss).toBeCloseTo(loss, 1);
    });
    const dashed = points(svg.querySelector('[stroke-dasharray] path')!.getAttribute('d')!).map(read);
    expect(dashed.map(({ step }) => Math.round(step))).toEqual([100, 400]);
    expect(dashed.map(({ loss }) => loss.toFixed(1))).toEqual(['3.0', '2.0']);
  });
});
