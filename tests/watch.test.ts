/// <reference lib="dom" />
import type { ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { serveRun, watchRun } from '@medbench/api';
import type { RunResults } from '@medbench/core';
import { RunWatch, type WatchedRun } from '@medbench/runner/watch';
import type { Page } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listFaults } from '../packages/report/test/page-faults.js';
import { listViolations, PageOpener } from '../packages/report/test/page-opener.js';
import { chromiumPath } from './support/chromium.js';
import { type Finished, medbench, medbenchSeries, TINY, temporaryFolder } from './support/cli.js';
import { providePhantoms } from './support/phantoms.js';

const folder = temporaryFolder('watch');
const cwd = folder.path;
const out = join(cwd, 'run');
afterAll(() => folder.dispose());

const ARGS = [
  ...['run', '--preset=demo', '--methods=clip-scratch', '--tasks=roco-retrieval', '--set=controls=["chance"]'],
  ...[...TINY, '--set=training.steps=100', '--set=training.logEvery=1'],
  ...['--set=training.validation.share=0.1', '--set=training.validation.every=10', '--jobs=1', '--out=run'],
  ...['--set=corpora=["phantoms"]', '--set=leaks.check=false'],
] as const;

/** Milliseconds to wait for what a run does within seconds. */
const PATIENCE = 120_000;

/** Waits until something is there. @throws Error after two minutes. */
async function until<T>(look: () => T | undefined): Promise<T> {
  for (const began = performance.now(); performance.now() - began < PATIENCE; await delay(20)) {
    const found = look();
    if (found !== undefined) return found;
  }
  throw new Error(`Nothing came within ${PATIENCE / 1000} s: ${look}`);
}

/** Waits for a moment of a run, which may not have begun. */
const lookAt = (wanted: (run: WatchedRun) => boolean): Promise<WatchedRun> => {
  const watch = new RunWatch(out);
  return until(() => {
    const run = watch.read();
    return run && wanted(run) ? run : undefined;
  });
};

const stepsOf = ({ curves }: WatchedRun): readonly number[] =>
  curves.find(({ id }) => id === 'clip-scratch:0')?.loss.map(({ step }) => step) ?? [];

interface Answer {
  readonly status: number | undefined;
  readonly text: string;
  readonly headers: Readonly<Record<string, unknown>>;
}

const ask = (url: string, { method = 'GET', host }: { method?: string; host?: string } = {}): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const headers = host === undefined ? {} : { Host: host };
    request(url, { method, headers }, (response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode, text, headers: response.headers }));
    })
      .on('error', reject)
      .end();
  });

describe('a run that is followed', () => {
  let stopped: WatchedRun;
  let ended: WatchedRun;
  let finished: Finished;
  let results: RunResults;
  let opener: PageOpener;
  let wide: Page;
  const faults: string[] = [];
  const chromium = chromiumPath();
  if (!chromium) console.warn('Chromium was not found: browser tests are skipped. Set MEDBENCH_CHROMIUM to its path.');

  /** Looks at the page of a run at work, at both widths and in both schemes. */
  async function lookAtPage(url: string): Promise<void> {
    for (const [width, scheme] of [
      [1280, 'light'],
      [390, 'dark'],
    ] as const) {
      const { page, errors } = await opener.visit(url, width, scheme);
      await page.waitForSelector('.curve path');
      faults.push(...(await page.evaluate(listFaults)), ...(await listViolations(page)));
      if (width === 1280) {
        // By keyboard: hide the row, and show it again.
        await page.focus('[data-row="clip-scratch"]');
        await page.keyboard.press('Enter');
        expect(await page.$$eval('.curve', (lines) => lines.length)).toBe(0);
        await page.keyboard.press('Enter');
        expect(await page.$$eval('.curve', (lines) => lines.length)).toBe(1);
      }
      const shots = process.env.MEDBENCH_SCREENSHOTS ?? opener.folder;
      await page.screenshot({ path: join(shots, `watch-${width}-${scheme}.png`), fullPage: true });
      faults.push(...errors);
      if (width === 1280) wide = page;
      else await page.close();
    }
  }

  beforeAll(async () => {
    const browser = chromium ? PageOpener.start(chromium) : undefined;
    await providePhantoms(join(cwd, '.medbench'));
    let child: ChildProcess | undefined;
    const first = medbench(ARGS, {
      cwd,
      started: (process) => {
        child = process;
      },
    });
    await lookAt((run) => stepsOf(run).length > 15);
    child!.kill('SIGTERM');
    expect((await first).code).toBe(130);
    stopped = new RunWatch(out).read()!;
    if (browser) opener = await browser;
    let url: string | undefined;
    const second = medbench([...ARGS, '--serve=0'], {
      cwd,
      started: (process) => {
        child = process;
        let text = '';
        process.stderr!.on('data', (chunk) => {
          text += chunk;
          url = /followed at (\S+)/.exec(text)?.[1] ?? url;
        });
      },
    });
    await lookAt((run) => run.units[0]!.state === 'working' && stepsOf(run).length > stepsOf(stopped).length);
    // The page is served by another process. The run waits meanwhile, so that it does not end while it is looked at.
    child!.kill('SIGSTOP');
    const address = await until(() => url);
    if (chromium) await lookAtPage(address);
    child!.kill('SIGCONT');
    finished = await second;
    ended = watchRun('run', { cwd }).read()!;
    results = JSON.parse(readFileSync(join(out, 'results.json'), 'utf8'));
  });
  afterAll(() => opener?.close());

  it('shows the steps of an interrupted training, and that nobody works on it', () => {
    expect(stopped).toMatchObject({ state: 'idle', synthetic: true });
    const unit = stopped.units.find(({ id }) => id === 'clip-scratch:0')!;
    expect(unit).toMatchObject({ state: 'waiting', steps: 100, tasks: { planned: 1, done: 0, unchecked: 0 } });
    const steps = stepsOf(stopped);
    expect(steps).toEqual(Array.from({ length: steps.length }, (_, i) => i));
    expect(unit.step).toBe(steps.length);
    const { loss, validation, synthetic } = stopped.curves[0]!;
    expect(synthetic).toBe(true);
    // An independent reading of the log.
    const log = readFileSync(join(out, 'log.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, number>);
    const logged = log.filter((entry) => entry.validationLoss !== undefined && entry.step! <= steps.length);
    expect(loss.at(-1)!.loss).toBe(log.find((entry) => entry.step === steps.length - 1 && 'loss' in entry)!.loss);
    expect(validation).toEqual(logged.map(({ step, validationLoss }) => ({ step, loss: validationLoss })));
    expect(validation.length).toBeGreaterThan(0);
  });

  it('has the figures and curves of the results when the run has ended', async () => {
    expect(finished.code).toBe(0);
    expect(ended.state).toBe('ended');
    expect(ended.units.map(({ id, state }) => `${id} ${state}`)).toEqual([
      'clip-scratch:0 done',
      'chance:0 done',
      'gather done',
    ]);
    const figures = ({ cells }: Pick<RunResults, 'cells'>) =>
      cells.map(({ method, task, protocol, value, ci95, synthetic }) => [
        method,
        task,
        protocol,
        value,
        ci95,
        synthetic,
      ]);
    expect(figures(ended.table)).toEqual(figures(results));
    expect(ended.table.statistics).toEqual(results.statistics);
    const [record] = results.training;
    expect(ended.curves[0]!.loss).toEqual(record!.curve);
    expect(ended.curves[0]!.validation).toEqual(record!.validation!.curve);
    expect(ended.progress.cells).toEqual({ done: 2, failed: 0, planned: 2 });
  });

  it.skipIf(!chromium)(
    'has a page without faults at both widths while it runs, which gets the last state',
    async () => {
      expect(faults).toEqual([]);
      const page = wide;
      const read = (selector: string) => page.$eval(selector, (element) => element.textContent!.trim());
      await page.waitForSelector('#connection:not([hidden])');
      expect(await read('[data-part="status"]')).toBe('Ended: 2 figures measured, none failed.');
      expect(await read('#connection')).toContain('the last state');
      const value = results.cells.find(({ method }) => method === 'clip-scratch')!.value!;
      expect(Number(await page.$eval('#results tbody.methods td', (cell) => (cell as HTMLElement).dataset.value))).toBe(
        value,
      );
      // No part has lost its place in the styles.
      expect(await page.$$eval('section', (all) => all.every(({ id }) => id !== ''))).toBe(true);
    },
  );

  it('is served to this machine only, and can only be read', async () => {
    const served = await serveRun(watchRun(out), { port: 0 });
    try {
      const { url } = served;
      expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
      const page = await ask(url);
      expect(page.headers['content-security-policy']).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
      expect(page.text).toContain('Ended: 2 figures measured');
      const { time: _, ...state } = JSON.parse((await ask(`${url}state.json`)).text) as WatchedRun;
      const { time: __, ...expected } = ended;
      expect(state).toEqual(JSON.parse(JSON.stringify(expected)));
      const status = async (path: string, options = {}): Promise<number | undefined> =>
        (await ask(`${url}${path}`, options)).status;
      expect(await status('', { host: 'evil.example' })).toBe(403);
      expect(await status('state.json', { host: `127.0.0.1.evil.example:${new URL(url).port}` })).toBe(403);
      expect(await status('', { host: 'localhost:9000' })).toBe(200);
      expect(await status('events', { method: 'POST' })).toBe(405);
      expect(await status('run.json')).toBe(404);
      expect(await status('../run.json')).toBe(404);
      expect(await ask(url, { method: 'HEAD' })).toMatchObject({ status: 200, text: '' });
      await expect(serveRun(watchRun(out), { port: Number(new URL(url).port) })).rejects.toThrow(
        /^Port \d+ of 127\.0\.0\.1 is in use$/,
      );
    } finally {
      await served.close();
    }
  });

  it('is printed by the command, which ends with the run and writes nothing', async () => {
    const list = (): string[] =>
      readdirSync(out, { recursive: true })
        .map((name) => `${name} ${statSync(join(out, String(name))).mtimeMs}`)
        .sort();
    const before = list();
    const [once, json, follow, none, port] = await medbenchSeries(
      [
        ['watch', 'run', '--once'],
        ['watch', 'run', '--json'],
        ['watch', 'run'],
        ['watch', '.'],
        ['watch', 'run', '--serve', '70000'],
      ],
      { cwd },
    );
    expect(once!.stdout).toMatch(
      /Ended: 2 figures measured, none failed\.\n\ndone +clip-scratch:0 +1 of 1 task measured, loss/,
    );
    expect(once!.stdout).toContain('generated phantoms');
    expect(JSON.parse(json!.stdout)).toMatchObject({ schemaVersion: 1, state: 'ended' });
    expect(follow).toMatchObject({ code: 0, stdout: once!.stdout });
    expect(follow!.stderr).toContain('Ended: 2 figures measured, none failed.');
    expect(none!.code).toBe(2);
    expect(none!.stderr).toMatch(/run\.json is not there\n +Name one of the run folders in it: run\./);
    expect(port!.code).toBe(2);
    expect(port!.stderr).toContain('Give a port from 0 to 65535');
    expect(list()).toEqual(before);
  });

  it('with other settings shows no earlier figures before the run has checked them, and then why it failed', async () => {
    const again = medbench([...ARGS, '--set=training.learningRate=1e30', '--set=training.clipNorm=null'], { cwd });
    const begun = await lookAt(({ command }) => command.includes('1e30'));
    expect(begun).toMatchObject({ state: 'running', curves: [], table: { cells: [] } });
    expect(begun.units.map(({ tasks }) => tasks)).toEqual([
      { planned: 1, done: 0, unchecked: 1 },
      { planned: 1, done: 0, unchecked: 1 },
      { planned: 0, done: 0, unchecked: 0 },
    ]);
    expect((await again).code).toBe(1);
    const failed = watchRun(out).read()!;
    const cell = (JSON.parse(readFileSync(join(out, 'results.json'), 'utf8')) as RunResults).cells[0]!;
    expect(cell).toMatchObject({ method: 'clip-scratch', status: 'failed' });
    expect(failed.units.map(({ state }) => state)).toEqual(['failed', 'done', 'done']);
    expect(failed.failures).toMatchObject([{ unit: 'clip-scratch:0', why: cell.error }]);
    expect(failed.progress.cells).toEqual({ done: 1, failed: 1, planned: 2 });
  });

  it('is not begun if the port of its page is taken', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as { port: number };
    try {
      const { code, stderr } = await medbench([...ARGS, `--serve=${port}`, '--out=other'], { cwd });
      expect([code, stderr]).toEqual([
        2,
        expect.stringMatching(/Port \d+ .* is in use\n +Name another one, --serve PORT/),
      ]);
      expect(existsSync(join(cwd, 'other'))).toBe(false);
    } finally {
      taken.close();
    }
  });
});
