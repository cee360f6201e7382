import { parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';
import { calibrationError, figuredResults, makeBins, makeCurve } from '../../test/figures.js';
import { resultTable } from '../model.js';
import { calibrationSection } from './calibration.js';
import { costSection } from './cost.js';
import type { Markup } from './escape.js';
import { recallSection } from './recall-curve.js';

const parseMarkup = (markup: Markup | undefined) => parseHTML(`<main>${markup!.text}</main>`).document;
type Element = NonNullable<ReturnType<ReturnType<typeof parseMarkup>['querySelector']>>;
const text = (element: Element | null): string => element?.textContent ?? '';

const TRANSLATE = /translate\(([-\d.]+),([-\d.]+)\)/;

/**
 * Returns a function that converts pixels of an axis into values. It reads the tick labels, which are below their ticks
 * on the x axis and left of them on the y axis.
 */
function scale(svg: Element, axis: 'x' | 'y', transform = (value: number): number => value) {
  const labels = [...svg.querySelectorAll(`text[y="${axis === 'x' ? '0.71em' : '0.32em'}"]`)].flatMap((one) => {
    const match = TRANSLATE.exec(one.getAttribute('transform') ?? '');
    const value = Number(text(one as Element).replaceAll(/\s/g, ''));
    return match && Number.isFinite(value)
      ? [{ value: transform(value), x: Number(match[1]), y: Number(match[2]) }]
      : [];
  });
  // Labels of the y axis are at the left edge; numbers beside dots are not.
  const left = Math.min(...labels.map(({ x }) => x));
  const ticks = axis === 'x' ? labels : labels.filter(({ x }) => x === left);
  const [low, high] = [ticks[0]!, ticks.at(-1)!];
  expect(ticks.length).toBeGreaterThan(1);
  return (pixel: number): number =>
    low.value + ((pixel - low[axis]) / (high[axis] - low[axis])) * (high.value - low.value);
}

/** Positions and tooltips of a plot's dots, from left to right. */
const readDots = (svg: Element) =>
  [...svg.querySelectorAll('title')]
    .filter((title) => title.parentElement !== svg)
    .map((title) => {
      const dot = title.parentElement!;
      const match = TRANSLATE.exec(dot.getAttribute('transform') ?? '');
      const x = Number(match?.[1] ?? dot.getAttribute('cx'));
      const y = Number(match?.[2] ?? dot.getAttribute('cy'));
      return { x, y, text: text(title as Element) };
    })
    .sort((a, b) => a.x - b.x);

describe('reliability diagrams', () => {
  it.each([[[0]], [[0, 1, 2]]])('show the summed bins of seeds %j and their calibration error', (seeds) => {
    const results = figuredResults(seeds);
    const document = parseMarkup(calibrationSection(results, resultTable(results)));
    const figures = [...document.querySelectorAll('figure')];
    expect(figures.length).toBe(6);
    const svg = figures[0]!.querySelector('svg') as Element;
    const [x, y] = [scale(svg, 'x'), scale(svg, 'y')];
    const dots = readDots(svg);
    for (const method of ['clip', 'clip-scratch', 'clip-partial']) {
      const all = seeds.map((seed) => makeBins({ method, task: 'pneumoniamnist', seed }));
      const expected = Array.from({ length: 15 }, (_, b) => {
        const n = all.reduce((sum, { count }) => sum + count[b]!, 0);
        const right = all.reduce((sum, bins) => sum + bins.right[b]!, 0);
        const confident = all.reduce((sum, bins) => sum + bins.count[b]! * bins.confidence[b]!, 0);
        return { n, right: right / n, confidence: confident / n };
      }).filter(({ n }) => n > 0);
      const methodDots = dots.filter(({ text: label }) => label.startsWith(`${method}:`));
      expect(methodDots.length).toBe(expected.length);
      methodDots.forEach((dot, i) => {
        expect(x(dot.x)).toBeCloseTo(expected[i]!.confidence, 3);
        expect(y(dot.y)).toBeCloseTo(expected[i]!.right, 3);
        expect(dot.text).toContain(`${expected[i]!.n} examples`);
      });
      const error = all.reduce((sum, bins) => sum + calibrationError(bins), 0) / seeds.length;
      const title = results.methods.find(({ id }) => id === method)!.title;
      expect([...figures[0]!.querySelectorAll('.legend li')].map((li) => text(li as Element).trim())).toContainEqual(
        expect.stringContaining(`${title} ${error.toFixed(3)}`),
      );
    }
    expect(dots.some(({ text: label }) => label.startsWith('untrained'))).toBe(false);
  });

  it('are left out for results without calibration bins', () => {
    const results = { ...figuredResults(), cells: [] };
    expect(calibrationSection(results, resultTable(results))).toBeUndefined();
    expect(recallSection(results, resultTable(results))).toBeUndefined();
  });
});

describe('recall curves', () => {
  it('show the mean over seeds at each k, in both directions', () => {
    const results = figuredResults([0, 1]);
    const document = parseMarkup(recallSection(results, resultTable(results)));
    const figures = [...document.querySelectorAll('figure')];
    expect(figures.map((figure) => text(figure.querySelector('figcaption small') as Element))).toEqual([
      'texts found for an image, among 240',
      'images found for a text, among 300',
    ]);
    (['imageToText', 'textToImage'] as const).forEach((way, f) => {
      const svg = figures[f]!.querySelector('svg') as Element;
      const [x, y] = [scale(svg, 'x', Math.log10), scale(svg, 'y')];
      const dots = readDots(svg);
      for (const method of ['clip', 'clip-scratch', 'clip-partial']) {
        const curves = [0, 1].map((seed) => makeCurve({ method, seed }));
        const methodDots = dots.filter(({ text: label }) => label.startsWith(`${method}:`));
        expect(methodDots.length).toBe(8);
        methodDots.forEach((dot, i) => {
          expect(10 ** x(dot.x)).toBeCloseTo(curves[0]!.k[i]!, -Math.log10(curves[0]!.k[i]! * 0.05));
          expect(y(dot.y)).toBeCloseTo((curves[0]![way][i]! + curves[1]![way][i]!) / 2, 2);
        });
      }
      // Three controls, dashed.
      expect(svg.querySelectorAll('[stroke-dasharray]').length).toBe(2);
    });
  });
});

describe('cost', () => {
  it('is in the table with its formula, and is plotted against quality', () => {
    const results = figuredResults([0, 1]);
    const document = parseMarkup(costSection(results, resultTable(results)));
    expect(text(document.querySelector('section p') as Element)).toContain(
      'Energy is an estimate: 65 W assumed for the processor (MEDBENCH_WATTS) times the seconds of training.',
    );
    const cells = [...document.querySelectorAll('tbody tr')[0]!.querySelectorAll('td')];
    // 190.4 s at 65 W are 12 376 J, 3.4 Wh.
    expect(cells.slice(1, 5).map((cell) => text(cell as Element))).toEqual([
      '3 min 10 s',
      '3.4 Wh',
      '1.5 GiB',
      '2 345 678',
    ]);
    const svg = document.querySelectorAll('figure.cost svg')[0] as Element;
    const [x, y] = [scale(svg, 'x'), scale(svg, 'y')];
    const dots = readDots(svg);
    expect(dots.length).toBe(3);
    const { rows, columns } = resultTable(results);
    const zeroShot = columns.flatMap(({ protocol }, i) => (protocol === 'zero-shot' ? [i] : []));
    dots.forEach((dot, i) => {
      expect(x(dot.x)).toBeCloseTo((190.4 + 40 * i) / 60, 1);
      const mean = zeroShot.reduce((sum, c) => sum + rows[i]!.figures[c]!.value!, 0) / zeroShot.length;
      expect(y(dot.y)).toBeCloseTo(mean, 2);
      expect(dot.text).toContain(mean.toFixed(3));
    });
  });

  it('says if energy was counted', () => {
    const sample = figuredResults();
    const training = sample.training.map((record) => ({
      ...record,
      energy: { joules: 36_000, from: 'counters' as const },
    }));
    const results = { ...sample, training };
    const content = text(parseMarkup(costSection(results, resultTable(results))).querySelector('section'));
    expect(content).toContain('counters of the processor packages');
    expect(content).not.toContain('assumed');
    expect(content).toContain('10 Wh');
  });
});
