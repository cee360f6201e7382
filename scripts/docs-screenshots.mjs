// Takes the screenshots of docs/ from a run folder: npm run docs:screenshots -- runs/demo
import { access, constants } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { writeReport } from '@medbench/report';
import puppeteer from 'puppeteer-core';

const [folder = 'runs/demo'] = process.argv.slice(2);
const docs = join(import.meta.dirname, '../docs');

async function chromium() {
  for (const file of [process.env.MEDBENCH_CHROMIUM, '/usr/bin/chromium', '/usr/bin/google-chrome']) {
    if (file === undefined) continue;
    const there = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (there) return file;
  }
  throw new Error('No Chromium found: set MEDBENCH_CHROMIUM to its path.');
}

const SHOTS = [
  { name: 'report-table.png', width: 1280, height: 800, scheme: 'light', section: 'header' },
  { name: 'report-phone.png', width: 390, height: 800, scheme: 'dark', section: '#right-and-wrong-answers' },
];

const { html } = await writeReport(resolve(folder));
const browser = await puppeteer.launch({
  executablePath: await chromium(),
  args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
  timeout: 180_000,
});
try {
  for (const { name, width, height, scheme, section } of SHOTS) {
    const page = await browser.newPage();
    await page.setViewport({ width, height });
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
    await page.goto(pathToFileURL(html).href);
    await page.$eval(section, (element) => element.scrollIntoView());
    await page.screenshot({ path: join(docs, name) });
    await page.close();
    console.log(`Wrote docs/${name}`);
  }
} finally {
  await browser.close();
}
