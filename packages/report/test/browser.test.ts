import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumPath } from '../../../tests/support/chromium.js';
import { selected } from '../../../tests/support/full.js';
import { renderComparison } from '../src/comparison/page.js';
import { renderHtml } from '../src/html/page.js';
import { renderStudyComparison } from '../src/study/page.js';
import { ANSWERS } from './answers.js';
import { sampleBesideStudy } from './beside-study.js';
import { columnTests, RANKS, withLeak, withRare } from './compared.js';
import { sampleComparison } from './compared-runs.js';
import { figuredResults, makeGallery } from './figures.js';
import { largeResults } from './large.js';
import { listFaults } from './page-faults.js';
import { listViolations, PageOpener } from './page-opener.js';
import { hostileResults } from './sample.js';

const chromium = chromiumPath();
if (!chromium) console.warn('Chromium was not found: browser tests are skipped. Set MEDBENCH_CHROMIUM to its path.');

/** Results of three seeds with everything that a page can show. */
function fullResults() {
  const sample = withRare(withLeak(figuredResults([0, 1, 2]), 'pneumoniamnist'), 'phantom-skin', {
    clip: 0.6,
    majority: 0,
  });
  const tests = {
    best: 'clip',
    againstBest: { 'clip-scratch': 0.5, 'clip-partial': 0.001 },
    againstControls: { clip: { untrained: [0.1, 0.5], majority: [0.1, 0.001] } },
  } as const;
  const columns = sample.tasks.flatMap(({ id: task, protocols }) =>
    protocols.map((protocol) => columnTests({ task, protocol, metric: 'accuracy' }, tests, [0, 1, 2])),
  );
  return { ...sample, statistics: { level: 0.05, columns, ranks: RANKS } };
}

/** Galleries of two tasks, one with right-to-left text. */
const GALLERIES = [
  makeGallery('pneumoniamnist', { question: 'Is there an effusion?', answer: 'no' }),
  makeGallery('vqa-rad', { question: 'ما هي طريقة التصوير؟ '.repeat(4), answer: 'x'.repeat(90) }),
];

/** Width of a PNG in pixels, from its header. */
const pngWidth = (png: Uint8Array): number => new DataView(png.buffer, png.byteOffset).getUint32(16);

const LOOKS = [
  ['1280 px, light', 1280, 'light'],
  ['1280 px, dark', 1280, 'dark'],
  ['390 px, light', 390, 'light'],
  ['390 px, dark', 390, 'dark'],
] as const;
/** Each width and each scheme once. */
const TWO = ['1280 px, light', '390 px, dark'];

describe.skipIf(!chromium)('the page in a browser', () => {
  let opener: PageOpener;
  beforeAll(async () => {
    opener = await PageOpener.start(chromium!);
  });
  afterAll(() => opener?.close());
  const open: PageOpener['open'] = (...which) => opener.open(...which);

  it.each(selected('the page', LOOKS, TWO))(
    'does not overflow, has no overlapping texts and is accessible at %s',
    async (_, width, scheme) => {
      const { page, errors } = await open(
        renderHtml(fullResults(), { answers: ANSWERS, galleries: GALLERIES }),
        width,
        scheme,
      );
      expect(await page.evaluate(listFaults)).toEqual([]);
      expect(await listViolations(page)).toEqual([]);
      expect(errors).toEqual([]);
      // MEDBENCH_SCREENSHOTS names a folder that keeps the screenshots for inspection.
      const shots = process.env.MEDBENCH_SCREENSHOTS ?? opener.folder;
      const image = await page.screenshot({ path: join(shots, `report-${width}-${scheme}.png`), fullPage: true });
      expect(pngWidth(image)).toBe(width);
      await page.close();
    },
  );

  it('stays usable with 40 methods, 60 tasks and 5 seeds', async () => {
    const { page, errors } = await open(renderHtml(largeResults({ methods: 40, tasks: 60, seeds: 5 })), 1280, 'light');
    expect(await page.evaluate(listFaults)).toEqual([]);
    // Time until the page has run the code and updated its layout.
    const measureTime = (act: string) =>
      page.evaluate(async (code) => {
        const start = performance.now();
        new Function(code)();
        document.body.getBoundingClientRect();
        return performance.now() - start;
      }, act);
    const sort = `document.querySelector('#results th[data-column="1"] .sort').click()`;
    const filter = `const input = document.querySelector('.filter input'); input.value = 'method 3';
      input.dispatchEvent(new Event('input', { bubbles: true }))`;
    expect(await measureTime(sort)).toBeLessThan(3000);
    expect(await measureTime(filter)).toBeLessThan(3000);
    expect(errors).toEqual([]);
    await page.close();
  });

  it('lays out hostile, long and right-to-left text without faults', async () => {
    const hostile = hostileResults();
    const long = `${'مرض الرئة '.repeat(12)}${'x'.repeat(90)}`;
    const methods = hostile.methods.map((method, i) => (i === 1 ? { ...method, title: long } : method));
    const { page, errors } = await open(renderHtml({ ...hostile, methods }), 390, 'light');
    expect(await page.evaluate(listFaults)).toEqual([]);
    expect(errors).toEqual([]);
    await page.close();
  });

  it.each([LOOKS[0], LOOKS[3]])('shows the comparison of two runs without faults at %s', async (_, width, scheme) => {
    const { page, errors } = await open(renderComparison(sampleComparison()), width, scheme);
    expect(await page.evaluate(listFaults)).toEqual([]);
    expect(await listViolations(page)).toEqual([]);
    expect(errors).toEqual([]);
    await page.close();
  });

  it.each([LOOKS[0], LOOKS[3]])('shows a run beside the study without faults at %s', async (_, width, scheme) => {
    const { page, errors } = await open(renderStudyComparison(sampleBesideStudy()), width, scheme);
    expect(await page.evaluate(listFaults)).toEqual([]);
    expect(await listViolations(page)).toEqual([]);
    expect(errors).toEqual([]);
    await page.close();
  });

  it('sorts, filters and shows definitions, by pointer and by keyboard', async () => {
    const { page, errors } = await open(renderHtml(fullResults()), 1280, 'light');
    const names = () =>
      page.$$eval('#results tbody.methods tr:not([hidden]) th', (heads) => heads.map((head) => head.textContent));
    const before = await names();
    await page.click('#results th[data-column="1"] .sort');
    const sorted = await page.$$eval('#results tbody.methods tr', (rows) =>
      rows.map((row) => Number((row as HTMLTableRowElement).cells[1]!.dataset.value)),
    );
    expect(sorted).toEqual([...sorted].sort((a, b) => b - a));
    expect(await names()).toHaveLength(before.length);
    await page.click('#results th[data-lower] .sort');
    expect((await names())[0]).toContain('CLIP, fine-tuned');

    await page.type('.filter input', 'scratch');
    expect(await names()).toHaveLength(1);
    await page.$eval('.filter input', (input) => {
      (input as HTMLInputElement).value = '';
      input.dispatchEvent(new Event('input', { bubbles: true }));
    });
    await page.select('.filter label:nth-of-type(3) select', 'linear probe');
    const heads = await page.$$eval('#results th[data-protocol]:not([hidden])', (cells) =>
      cells.map((head) => (head as HTMLElement).dataset.protocol),
    );
    expect(new Set(heads)).toEqual(new Set(['linear probe']));
    expect(await page.$eval('.filter [role="status"]', (status) => status.textContent)).toMatch(/^6 rows, \d columns$/);
    await page.select('.filter label:nth-of-type(3) select', '');

    const tip = () => page.$eval('#tip', (element) => ((element as HTMLElement).hidden ? '' : element.textContent));
    await page.click('#results th[data-column="1"] .def');
    expect(await tip()).toBe('Share of examples for which the highest-scoring answer is the right one.');
    await page.keyboard.press('Escape');
    expect(await tip()).toBe('');
    await page.focus('#results td[tabindex]');
    expect(await tip()).toContain('Share of examples');
    const first = await tip();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowRight');
    expect(await tip()).toContain('Share of examples');
    expect(await tip()).not.toBe(first);
    expect(errors).toEqual([]);
    await page.close();
  });
});
