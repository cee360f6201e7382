import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import puppeteer, { type Browser } from 'puppeteer-core';

const isProgram = (file: string): boolean => {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

/**
 * Path of Chromium: `MEDBENCH_CHROMIUM`, else /usr/bin/chromium, else the first on the PATH. Undefined if there is
 * none.
 */
export function chromiumPath(): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const onPath = ['chromium', 'chromium-browser', 'google-chrome'].flatMap((name) =>
    folders.map((folder) => join(folder, name)),
  );
  const named = process.env.MEDBENCH_CHROMIUM;
  return (named ? [named] : ['/usr/bin/chromium', ...onPath]).find(isProgram);
}

/** Starts headless Chromium. Its sandbox does not work for root; the pages are local files without network access. */
export const startChromium = (executablePath: string): Promise<Browser> =>
  puppeteer.launch({
    executablePath,
    headless: true,
    // A busy machine may be slow to start it.
    timeout: 180_000,
    protocolTimeout: 240_000,
    args: ['--disable-gpu', ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])],
  });
