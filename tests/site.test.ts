import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { createRequire } from 'node:module';
import { ENVIRONMENT } from '@medbench/core';
import type { Browser, Page } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from '../scripts/workspace.mjs';
import { chromiumPath, startChromium } from './support/chromium.js';
import { full } from './support/full.js';
import { buildSite, readSitePage, serveSite, sitePages } from './support/site.js';

beforeAll(buildSite, 300_000);

describe('the built site', () => {
  it('has no link to a missing page or anchor', () => {
    const pages = sitePages();
    const ids = new Map(
      pages.map((page) => [page, new Set([...readSitePage(page).matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id!))]),
    );
    const dead = pages.flatMap((page) =>
      [...readSitePage(page).matchAll(/<a [^>]*href="([^"]+)"/g)].flatMap(([, href]) => {
        const target = new URL(href!.replaceAll('&amp;', '&'), `http://site${page}`);
        if (target.host !== 'site') return [];
        const anchors = ids.get(target.pathname);
        const found = anchors && (target.hash === '' || anchors.has(decodeURIComponent(target.hash.slice(1))));
        return found ? [] : [`${page} -> ${href}`];
      }),
    );
    expect(dead).toEqual([]);
  });

  it('describes every setting, command, plugin and variable', () => {
    const configuration = readSitePage('/reference/configuration');
    for (const name of Object.keys(ENVIRONMENT)) expect(configuration).toContain(`<code>${name}</code>`);
    for (const setting of ['training.validation.patience', 'leaks.corpusPairs', 'evaluation.probe'])
      expect(configuration).toContain(setting);
    const commands = readSitePage('/reference/command-line');
    for (const name of ['run', 'plan', 'study', 'data verify', 'compare', 'export'])
      expect(commands).toContain(`medbench ${name}`);
    expect(readSitePage('/reference/methods')).toContain('id="clip-partial"');
    expect(readSitePage('/reference/cards/radiology')).toContain('id="vindr-mammo"');
    expect(readSitePage('/reference/api/generated/core')).toContain('defineSettings');
  });

  it('quotes errors in "Troubleshooting" that the code has', () => {
    const page = readFileSync(`${root}docs/troubleshooting.md`, 'utf8');
    const quoted = [...page.matchAll(/^### `(.+)`$/gm)].map(([, message]) => message!);
    expect(quoted.length).toBeGreaterThan(15);
    const parts = quoted.flatMap((message) => message.split('…')).filter((part) => /[a-z]{3}/.test(part));
    const listed = execFileSync('git', ['ls-files', '--', 'packages/*/src/*.ts'], { cwd: root, encoding: 'utf8' });
    const sources = listed
      .trim()
      .split('\n')
      .filter((file) => !file.endsWith('.test.ts'));
    const code = sources.map((file) => readFileSync(`${root}${file}`, 'utf8')).join('\n');
    // A message may be put together from several strings, but each part between two variables is one.
    const missing = parts.filter((part) => !code.includes(part.trim()));
    expect(missing).toEqual([]);
  });
});

const executablePath = chromiumPath();
const axe = readFileSync(createRequire(`${root}docs/package.json`).resolve('axe-core/axe.min.js'), 'utf8');

describe.skipIf(executablePath === undefined)('in Chromium (skipped: no Chromium found)', () => {
  let browser: Browser;
  let server: Server;
  let address: string;
  beforeAll(async () => {
    ({ server, address } = await serveSite());
    browser = await startChromium(executablePath!);
  }, 300_000);
  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  /** Lists what axe finds serious or critical, with the first element of each. */
  const seriousFaults = async (page: Page): Promise<string[]> => {
    await page.evaluate(`if (!window.axe) { ${axe} }`);
    return page.evaluate(`axe.run({ resultTypes: ['violations'] }).then(({ violations }) => violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => id + ': ' + nodes[0].html.slice(0, 160)))`) as Promise<string[]>;
  };

  const API = '/reference/api/generated/';
  /** Pages that are made alike, each with the one that stands for all; `npm run test:full` has the others too. */
  const ALIKE = { [API]: `${API}objectives`, '/reference/cards/': '/reference/cards/radiology' };
  /** One page of each kind, for axe, which takes seconds for a page. */
  const KINDS = [
    ...['/', '/start', '/results', '/write/method', '/reference/configuration', '/reference/parts'],
    ...Object.values(ALIKE),
  ];
  const isWanted = (path: string): boolean =>
    full || Object.entries(ALIKE).every(([folder, one]) => !path.startsWith(folder) || path === one);
  const VIEWS = [
    { width: 1280, height: 900, scheme: 'light' },
    { width: 390, height: 844, scheme: 'dark' },
  ];

  const which = full ? 'every page' : 'one of each kind of generated page, and every other (npm run test:full: all)';
  it(`${which} is sound at 1280 px in light and 390 px in dark colours`, { timeout: 900_000 }, async () => {
    expect(sitePages()).toEqual(expect.arrayContaining(KINDS));
    const wanted = sitePages().filter(isWanted);
    const inspected = full ? wanted : wanted.filter((path) => KINDS.includes(path));
    const faults: string[] = [];
    const page = await browser.newPage();
    let current = '';
    const report = (fault: string): void => void faults.push(`${current}: ${fault}`);
    page.on('console', (message) => message.type() === 'error' && report(message.text()));
    page.on('pageerror', (error) => report(String(error)));
    page.on('response', (response) => response.status() >= 400 && report(`${response.url()}: ${response.status()}`));
    // The next page aborts what this one prefetches.
    page.on('requestfailed', (request) => {
      const reason = request.failure()?.errorText ?? '';
      if (reason !== 'net::ERR_ABORTED') report(`${request.url()} failed: ${reason}`);
    });
    for (const [at, path] of wanted.entries()) {
      current = path;
      await page.goto(`${address}${current}`, { waitUntil: 'load', timeout: 120_000 });
      await page.waitForFunction("document.querySelector('#app').__vue_app__ !== undefined");
      for (const [view, { width, height, scheme }] of VIEWS.entries()) {
        // On every change, pages of which another one is inspected take turns too.
        if (!full && !inspected.includes(path) && view !== at % VIEWS.length) continue;
        await page.setViewport({ width, height });
        await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
        await page.waitForFunction(`document.documentElement.classList.contains('dark') === ${scheme === 'dark'}`);
        const excess = await page.evaluate(
          'document.documentElement.scrollWidth - document.documentElement.clientWidth',
        );
        if (excess !== 0) report(`is ${String(excess)} px too wide at ${width} px`);
        // All pages share their layout and colours: the views take turns. The pages of the API are long, so that for axe one
        // stands for all in every run.
        if (view !== inspected.indexOf(current) % VIEWS.length) continue;
        if (current.startsWith(API) && current !== ALIKE[API]) continue;
        for (const fault of await seriousFaults(page)) report(`${scheme}: ${fault}`);
      }
    }
    await page.close();
    expect(faults).toEqual([]);
  });
});
