/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Page } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumPath } from '../../../tests/support/chromium.js';
import { selected } from '../../../tests/support/full.js';
import { listFaults } from './page-faults.js';
import { listViolations, PageOpener } from './page-opener.js';
import { COLUMNS, Sites } from './site.js';

const chromium = chromiumPath();
const LOOKS = [
  ['1280 px, light', 1280, 'light'],
  ['1280 px, dark', 1280, 'dark'],
  ['390 px, light', 390, 'light'],
  ['390 px, dark', 390, 'dark'],
] as const;

/** Names of the rows that are shown. */
const shownRows = (page: Page): Promise<string[]> =>
  page.$$eval('#results tbody.methods tr:not([hidden]) th a', (links) => links.map((link) => link.textContent!));

/** Rows of tables whose cells do not stand side by side. Runs in the browser. */
const brokenRows = (): string[] =>
  [...document.querySelectorAll('main tbody tr')].flatMap((row) => {
    const cells = [...row.children].filter((cell) => !(cell as HTMLElement).hidden);
    const tops = new Set(cells.map((cell) => Math.round(cell.getBoundingClientRect().top)));
    return tops.size > 1 ? [row.textContent!.slice(0, 60)] : [];
  });

const focused = (page: Page): Promise<string> =>
  page.evaluate(() => (document.activeElement?.textContent ?? '').trim() || (document.activeElement?.tagName ?? ''));

describe.skipIf(!chromium)('a leaderboard in a browser', () => {
  const sites = new Sites();
  let opener: PageOpener;
  let pages: readonly string[];
  const url = (page: string): string => pathToFileURL(join(sites.folder, 'site', page)).href;
  beforeAll(async () => {
    const long = `${'مرض '.repeat(4)}${'x'.repeat(100)}`;
    const rows = [
      { id: 'clip', chance: 0.8, parameters: 2_000_000 },
      { id: 'slip', chance: 0.6, parameters: 60_000_000 },
      { id: long, chance: 0.78, parameters: 5_000_000 },
      { id: 'untrained', control: true, chance: 0.5 },
    ];
    const columns = COLUMNS.filter(({ protocol }) => protocol === 'zero-shot');
    const real = columns.filter(({ task }) => task === 'pneumoniamnist');
    const runs = [
      sites.run('machine-1', { rows, columns }),
      sites.run('machine-2', {
        columns,
        rows: rows.slice(0, 1),
        seeds: [0],
        draw: 'x',
        settings: { 'training.steps': 9 },
      }),
      sites.run(
        'machine-3',
        { rows: rows.slice(1, 2), columns: real, draw: 'y', settings: { 'training.steps': 3 } },
        (base) => ({
          ...base,
          run: { ...base.run, corpora: ['pmc-oa'] },
        }),
      ),
    ];
    const { data } = await sites.write(runs);
    const model = data.entries.find(({ label }) => label === 'clip · machine-1')!.page as string;
    pages = ['index.html', model, 'tasks/pneumoniamnist.html'];
    opener = await PageOpener.start(chromium!);
  });
  afterAll(async () => {
    await opener?.close();
    sites.dispose();
  });

  it.each(selected('leaderboard', LOOKS, ['390 px, dark']))(
    'has no faults and is accessible at %s',
    async (_, width, scheme) => {
      for (const path of pages) {
        const { page, errors } = await opener.visit(url(path), width, scheme);
        expect(await page.evaluate(listFaults), path).toEqual([]);
        expect(await listViolations(page), path).toEqual([]);
        expect(await page.evaluate(brokenRows), path).toEqual([]);
        const requests = await page.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => name));
        expect(requests).toEqual([]);
        expect(errors).toEqual([]);
        const shots = process.env.MEDBENCH_SCREENSHOTS;
        const name = `board-${path.split('/')[0]}-${width}-${scheme}.png`;
        if (shots) await page.screenshot({ path: join(shots, name), fullPage: true });
        await page.close();
      }
    },
  );

  it('filters, sorts and leads to the page of a model by keyboard alone', async () => {
    const { page, errors } = await opener.visit(url('index.html'), 1280, 'light');
    expect(await shownRows(page)).toHaveLength(5);
    const press = async (key: Parameters<Page['keyboard']['press']>[0], until: (name: string) => boolean) => {
      for (let count = 0; count < 60; count++) {
        await page.keyboard.press(key);
        if (until(await focused(page))) return;
      }
      throw new Error(`nothing to focus; last was ${await focused(page)}`);
    };
    await press('Tab', (name) => name === 'INPUT');
    await page.keyboard.type('machine-1');
    expect(await shownRows(page)).toHaveLength(3);
    expect(await page.$eval('.filter [role="status"]', (status) => status.textContent)).toBe('4 rows, 2 columns');
    for (let count = 0; count < 9; count++) await page.keyboard.press('Backspace');
    const choose = (label: string, value: string) =>
      page.evaluate(
        (wanted, chosen) => {
          const field = [...document.querySelectorAll('.filter label')].find(({ textContent }) =>
            textContent?.startsWith(wanted),
          )!;
          const menu = field.querySelector('select')!;
          menu.value = chosen;
          menu.dispatchEvent(new Event('input', { bubbles: true }));
        },
        label,
        value,
      );
    await choose('Size', '0 to 10 M');
    expect(await shownRows(page)).toHaveLength(3);
    await choose('Size', '');
    await choose('Trained on', 'pmc-oa');
    expect(await shownRows(page)).toEqual(['slip · machine-3']);
    await choose('Trained on', '');
    await choose('Modality', 'histopathology');
    // The third machine measured no task of it.
    expect(await shownRows(page)).not.toContain('slip · machine-3');
    await choose('Modality', '');
    await choose('Generated data', 'no');
    expect(await shownRows(page)).toEqual(['slip · machine-3']);
    await choose('Generated data', '');

    await press('Tab', (name) => name === 'Parameters');
    await page.keyboard.press('Enter');
    expect(await page.$eval('th[aria-sort]', (head) => [head.getAttribute('aria-sort'), head.textContent])).toEqual([
      'descending',
      'Parameters',
    ]);
    expect((await shownRows(page))[0]).toMatch(/^slip/);
    await page.keyboard.down('Shift');
    await press('Tab', (name) => name === 'Model');
    await page.keyboard.up('Shift');
    await page.keyboard.press('Enter');
    const names = await shownRows(page);
    expect(names).toEqual([...names].sort((a, b) => a.localeCompare(b)));

    await press('Tab', (name) => name === 'clip · machine-1');
    await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
    expect(await page.title()).toBe('clip · machine-1: A & B');
    await press('Tab', (name) => name === '← A & B');
    await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
    expect(await page.title()).toBe('A & B');
    expect(errors).toEqual([]);
    await page.close();
  });
});
