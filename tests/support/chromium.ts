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

/** The Chromium of this machine: `MEDBENCH_CHROMIUM`, else /usr/bin/chromium, else one on the PATH; undefined without one. */
export function chromiumPath(): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const onPath = ['chromium', 'chromium-browser', 'google-chrome'].flatMap((name) =>
    folders.map((folder) => join(folder, name)),
  );
  const named = process.env.MEDBENCH_CHROMIUM;
  return (named ? [named] : ['/usr/bin/chromium', ...onPath]).find(isProgram);
}

/** Starts it without a window. Root may not use its sandbox; the pages are our own files, without a network. */
export const startChromium = (executablePath: string): Promise<Browser> =>
  puppeteer.launch({
    executablePath,
    headless: true,
    // A busy machine may take its time.
    timeout: 180_000,
    protocolTimeout: 240_000,
    args: ['--disable-gpu', ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])],
  });
