import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'puppeteer-core';
import { startChromium } from '../../../tests/support/chromium.js';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** A browser that opens pages from files, as a reader does. */
export class PageOpener {
  private constructor(
    private readonly browser: Browser,
    /** Temporary folder of the opened pages; `close` removes it. */
    readonly folder: string,
  ) {}

  /** @param chromium path of the browser. */
  static async start(chromium: string): Promise<PageOpener> {
    return new PageOpener(await startChromium(chromium), mkdtempSync(join(tmpdir(), 'medbench-browser-')));
  }

  /**
   * Opens a page without network. Narrow windows have a touch screen.
   *
   * @returns the page, and the list of errors that it logs from then on.
   */
  async open(html: string, width: number, scheme: string, height = 900): Promise<{ page: Page; errors: string[] }> {
    const file = join(this.folder, 'report.html');
    writeFileSync(file, html);
    const opened = await this.#newPage(width, scheme, height);
    await opened.page.setOfflineMode(true);
    await opened.page.goto(pathToFileURL(file).href);
    return opened;
  }

  /** Opens the page of a server on this machine. @returns as `open`. */
  async visit(url: string, width: number, scheme: string, height = 900): Promise<{ page: Page; errors: string[] }> {
    const opened = await this.#newPage(width, scheme, height);
    await opened.page.goto(url);
    return opened;
  }

  async #newPage(width: number, scheme: string, height: number): Promise<{ page: Page; errors: string[] }> {
    const page = await this.browser.newPage();
    const errors: string[] = [];
    page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
    page.on('pageerror', (error) => errors.push(String(error)));
    await page.setViewport({ width, height, hasTouch: width < 500 });
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
    return { page, errors };
  }

  async close(): Promise<void> {
    await this.browser.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/**
 * Lists the violations on the open page that axe calls serious or critical.
 *
 * @param parts selectors of the parts to check. Default: the whole page.
 */
export async function listViolations(page: Page, parts: readonly string[] = ['html']): Promise<string[]> {
  await page.evaluate(AXE);
  return page.evaluate(
    async (include) => {
      const axe = (globalThis as unknown as { axe: typeof import('axe-core') }).axe;
      const result = await axe.run({ include }, { resultTypes: ['violations'] });
      return result.violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .map(
          ({ id, nodes }) =>
            `${id}: ${nodes
              .slice(0, 3)
              .map((node) => node.html)
              .join(' ')}`,
        );
    },
    [...parts],
  );
}
