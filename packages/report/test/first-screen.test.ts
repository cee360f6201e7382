/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import type { RunResults } from '@medbench/core';
import type { Page } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumPath } from '../../../tests/support/chromium.js';
import { selected } from '../../../tests/support/full.js';
import type { QuestionAnswer } from '../src/answers/answer.js';
import { renderHtml } from '../src/html/page.js';
import { STEPS } from '../src/html/shade.js';
import { ANSWERS } from './answers.js';
import { largeResults } from './large.js';
import { listViolations, PageOpener } from './page-opener.js';

const chromium = chromiumPath();
if (!chromium) console.warn('Chromium was not found: browser tests are skipped. Set MEDBENCH_CHROMIUM to its path.');

const BRIEF =
  'Against clip: slip helps on 2 of 11; masked-cl helps on 2 and hurts on 1 of 11; coca: nothing significant.';
const THREE: readonly QuestionAnswer[] = ANSWERS.slice(0, 3).map((answer) => ({
  ...answer,
  question: 'Does a unimodal loss beside the contrastive one help, compared with none?',
  brief: BRIEF,
}));

/** Eight methods, three controls, twelve columns, with one failed cell, a footnote and controls that guess. */
function typicalResults(): RunResults {
  const results = largeResults({ methods: 11, tasks: 12, seeds: 1 });
  const cells = results.cells.map((cell, i) =>
    i === 5
      ? { ...cell, status: 'failed' as const, value: null, ci95: null, metrics: {}, error: 'out of memory' }
      : cell,
  );
  const ranks = { ...results.statistics!.ranks!, criticalDifference: 2.5 };
  return { ...results, cells, statistics: { ...results.statistics!, ranks } };
}

/** Names of the parts that do not lie within the first screen as a whole. */
const listHidden = (page: Page, selectors: readonly string[]): Promise<string[]> =>
  page.evaluate(
    (all) =>
      all.flatMap((selector) => {
        const found = [...document.querySelectorAll(selector)];
        if (found.length === 0) return [`${selector} is missing`];
        return found.flatMap((element) => {
          const { top, bottom, left, right } = element.getBoundingClientRect();
          const within = top >= 0 && bottom <= innerHeight && left >= 0 && right <= innerWidth && bottom > top;
          return within ? [] : [`${selector} reaches from ${top} to ${bottom} and from ${left} to ${right}`];
        });
      }),
    [...selectors],
  );

/**
 * Lowest contrast (WCAG 2) of the texts of the table's cells with their backgrounds, by class of the cell. Runs in the
 * browser: it must not refer to anything outside of this function.
 */
function measureContrast(classes: readonly string[]): Record<string, number> {
  const readColours = (text: string): number[][] =>
    [...text.matchAll(/rgba?\(([^)]+)\)/g)].map(([, numbers]) => numbers!.split(',').map(Number));
  const luminance = (rgb: readonly number[]): number => {
    const [r, g, b] = rgb.slice(0, 3).map((part) => {
      const x = part / 255;
      return x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
  };
  const contrast = (a: readonly number[], b: readonly number[]): number => {
    const [x, y] = [luminance(a), luminance(b)];
    return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
  };
  const lowest: Record<string, number> = {};
  const measure = (name: string, cell: Element): void => {
    const style = getComputedStyle(cell);
    // Stripes are gradients: text must be readable on each of their colours.
    const stripes = readColours(style.backgroundImage).filter(([, , , alpha]) => alpha !== 0);
    const solid = readColours(style.backgroundColor).filter(([, , , alpha]) => alpha !== 0);
    const page = readColours(getComputedStyle(document.body).backgroundColor);
    const inControls = cell.closest('.controls') !== null;
    const behind = inControls ? solid : stripes.length > 0 ? stripes : solid.length > 0 ? solid : page;
    for (const part of [cell, ...cell.querySelectorAll('*')]) {
      const [ink] = readColours(getComputedStyle(part).color);
      for (const colour of behind) lowest[name] = Math.min(lowest[name] ?? 21, contrast(ink!, colour));
    }
  };
  const cells = [...document.querySelectorAll('.heat td')];
  for (const cell of cells) {
    measure(`${cell.closest('tbody')!.className} ${cell.className.split(' ')[0]}`, cell);
  }
  // Each step of the scale, also those that no figure has, in a cell with a link, marks and an interval.
  const sample = document.querySelector('.methods td.number:has(.mark)')!;
  const link = document.createElement('a');
  link.href = '#note-1';
  sample.append(link);
  for (const name of classes) {
    sample.className = `number ${name}`;
    measure(name, sample);
  }
  return lowest;
}

const LOOKS = [
  ['1280 px, light', 1280, 'light'],
  ['1280 px, dark', 1280, 'dark'],
  ['390 px, light', 390, 'light'],
  ['390 px, dark', 390, 'dark'],
] as const;
/** Each width and each scheme once. */
const TWO = ['1280 px, light', '390 px, dark'];

describe.skipIf(!chromium)('the first screen of the page', () => {
  let opener: PageOpener;
  beforeAll(async () => {
    opener = await PageOpener.start(chromium!);
  });
  afterAll(() => opener?.close());
  const typical = renderHtml(typicalResults(), { answers: THREE });

  it.each(selected('the page', LOOKS, TWO))(
    'fits without overflow, is accessible and readable on every colour at %s',
    async (_, width, scheme) => {
      const { page, errors } = await opener.open(typical, width, scheme, 800);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
      if (width === 1280) {
        expect(
          await listHidden(page, [
            'h1',
            '.banner',
            '.answer > summary',
            '#ranks svg',
            '#ranks figcaption',
            '.modes',
            '.scale',
            '#results thead th',
            '#results tbody.methods td',
          ]),
        ).toEqual([]);
      } else {
        expect(await listHidden(page, ['h1', '.banner', '.answer > summary'])).toEqual([]);
        // The table scrolls inside of its frame, and the names of its rows stay.
        const places = await page.$eval('#results .scroll', (frame) => {
          frame.scrollLeft = 300;
          const { left } = frame.getBoundingClientRect();
          const head = frame.querySelector('tbody th')!.getBoundingClientRect();
          return { scrolled: frame.scrollLeft, moved: head.left - left, share: head.width / frame.clientWidth };
        });
        expect(places.scrolled).toBe(300);
        expect(Math.abs(places.moved)).toBeLessThan(3);
        expect(places.share).toBeLessThan(0.45);
      }
      expect(await listViolations(page, ['header', '.overview', '#results'])).toEqual([]);
      const classes = ['low', ...Array.from({ length: STEPS }, (_, i) => `h${i}`)];
      const contrasts = await page.evaluate(measureContrast, classes);
      expect(Object.keys(contrasts)).toEqual(expect.arrayContaining([...classes, 'methods failed', 'controls number']));
      for (const [name, value] of Object.entries(contrasts)) expect(value, name).toBeGreaterThanOrEqual(4.5);
      expect(errors).toEqual([]);
      await page.close();
    },
  );

  it('shows all columns side by side as colours and marks if there are sixty, and figures on request', async () => {
    const results = largeResults({ methods: 15, tasks: 60, seeds: 1 });
    const { page, errors } = await opener.open(renderHtml(results, { answers: THREE }), 1280, 'light', 800);
    expect(
      await listHidden(page, [
        '.answer > summary',
        '#ranks svg',
        '#results thead th',
        '#results .methods tr:nth-child(3) td',
      ]),
    ).toEqual([]);
    const measureFigure = () =>
      page.$eval('#results .methods td.number', (cell) => {
        const range = document.createRange();
        range.selectNodeContents(cell.querySelector('strong')?.firstChild ?? cell.firstChild!);
        return { figure: range.getBoundingClientRect().width, spread: cell.querySelector('small')!.offsetWidth };
      });
    expect(await measureFigure()).toEqual({ figure: 0, spread: 0 });
    // A cell that shows no figure tells it in its tip.
    await page.focus('#results td[tabindex]');
    // The first column is the first zero-shot task of the first modality.
    const { value } = results.cells.find(({ protocol }) => protocol === 'zero-shot')!;
    expect(await page.$eval('#tip', (tip) => tip.textContent)).toContain(value!.toFixed(3));

    await page.focus('.modes input:checked');
    await page.keyboard.press('ArrowRight');
    const values = await measureFigure();
    expect(values.figure).toBeGreaterThan(20);
    expect(values.spread).toBe(0);
    await page.keyboard.press('ArrowRight');
    expect((await measureFigure()).spread).toBeGreaterThan(40);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(1280);
    expect(errors).toEqual([]);
    await page.close();
  });

  it('shows the end of a row id that is too long, by which the rows of a sweep differ', async () => {
    const { page } = await opener.open(
      typical.replaceAll('method-1:freeze=0.1', 'clip-partial:tower=image:freeze=0.25'),
      1280,
      'light',
      800,
    );
    const ends = await page.evaluate(() => {
      const small = [...document.querySelectorAll('#results .row small')].find((one) =>
        one.textContent!.includes('freeze=0.25'),
      )!;
      const text = small.querySelector('bdi')!.firstChild!;
      const box = small.getBoundingClientRect();
      const isSeen = (at: number): boolean => {
        const range = document.createRange();
        range.setStart(text, at);
        range.setEnd(text, at + 1);
        const { left, right } = range.getBoundingClientRect();
        return left >= box.left - 1 && right <= box.right + 1;
      };
      return { first: isSeen(0), last: isSeen(text.textContent!.length - 1) };
    });
    expect(ends).toEqual({ first: false, last: true });
    await page.close();
  });

  it('opens an answer to its sentence and comparisons', async () => {
    const { page } = await opener.open(typical, 1280, 'light', 800);
    const height = () => page.$eval('.answer .sentence', (sentence) => (sentence as HTMLElement).offsetHeight);
    expect(await page.$eval('.answer', (answer) => (answer as HTMLDetailsElement).open)).toBe(false);
    await page.focus('.answer > summary');
    await page.keyboard.press('Enter');
    expect(await height()).toBeGreaterThan(10);
    await page.close();
  });
});
