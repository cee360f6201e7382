import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { addEngine, ENGINES, type Engine, locatePlugin, removeEngine } from '../src/engines/index.js';
import { XlaCpu, XlaPlugin } from '../src/index.js';

const PLUGIN = 'made_up/plugin.so';
/** A wheel with a library, a program that may run, and a name. */
const bytes = zipSync({
  [PLUGIN]: new TextEncoder().encode('no library'),
  'made_up/bin/tool': [new TextEncoder().encode('#!/bin/sh\n'), { os: 3, attrs: 0o755 << 16 }],
});
const sha256 = createHash('sha256').update(bytes).digest('hex');
const file = 'made_up-1.0-py3-none-any.whl';
const engine: Engine = {
  title: 'a made-up plugin',
  version: ENGINES['xla-cpu'].version,
  platform: `${process.platform}-${process.arch}`,
  wheels: [{ project: 'made-up', file, sha256, bytes: bytes.length }],
  plugin: ENGINES['xla-cpu'].plugin,
  needs: 'nothing',
};
const outside = zipSync({ '../outside': new Uint8Array(1) });

let server: Server;
let index: string;
/** The wheel, as the server sends it. */
let sent: Uint8Array;
/** Whether its pages are HTML, as on older indexes. */
let html: boolean;
let asked: string[];

beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(`${request.url} ${request.headers.authorization ?? ''}`.trim());
    if (request.url === '/simple/made-up/') {
      const link = `../../files/${file}`;
      response.setHeader('content-type', html ? 'text/html' : 'application/vnd.pypi.simple.v1+json');
      response.end(
        html
          ? `<a href="${link}#sha256=${sha256}">${file}</a>`
          : JSON.stringify({ files: [{ filename: file, url: link, hashes: { sha256 } }] }),
      );
    } else if (request.url === `/files/${file}`) {
      // The length of the whole wheel, so that a shorter one is a broken connection.
      response.writeHead(200, { 'content-length': bytes.length });
      if (sent.length < bytes.length) response.write(sent, () => setTimeout(() => response.destroy(), 50));
      else response.end(sent);
    } else {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  index = `127.0.0.1:${(server.address() as AddressInfo).port}/simple`;
});
afterAll(() => server.close());

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'engines-'));
  vi.stubEnv('MEDBENCH_ENGINES', folder);
  vi.stubEnv('MEDBENCH_PYTHON_INDEX', `http://${index}`);
  vi.stubEnv('VIRTUAL_ENV', '');
  vi.stubEnv('CONDA_PREFIX', '');
  [sent, html, asked] = [bytes, false, []];
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

const home = (): string => join(folder, `xla-cpu-${engine.version}`);
/** Nothing but folders of complete engines. */
const left = (): string[] => readdirSync(folder).filter((name) => !name.startsWith('.'));

describe('an engine from a Python index', () => {
  it.each([false, true])('is downloaded, unpacked and found (pages as HTML: %s)', async (asHtml) => {
    html = asHtml;
    expect(await addEngine('xla-cpu', { engine })).toEqual({ folder: home(), present: false });
    expect(readFileSync(join(home(), PLUGIN), 'utf8')).toBe('no library');
    expect(statSync(join(home(), 'made_up/bin/tool')).mode & 0o111).toBe(0o111);
    expect(statSync(join(home(), PLUGIN)).mode & 0o111).toBe(0);
    expect(left()).toEqual([`xla-cpu-${engine.version}`]);
    expect(locatePlugin('xla-cpu')).toEqual({ path: join(home(), engine.plugin), source: 'engine' });
    expect(await addEngine('xla-cpu', { engine })).toEqual({ folder: home(), present: true });
    expect(asked).toHaveLength(2);
    expect(await removeEngine('xla-cpu')).toBe(true);
    expect(left()).toEqual([]);
    expect(locatePlugin('xla-cpu')).toBeUndefined();
  });

  it('is asked for with the name and password of the address, which no message shows', async () => {
    vi.stubEnv('MEDBENCH_PYTHON_INDEX', `http://me:secret@${index}/`);
    await addEngine('xla-cpu', { engine });
    const login = `Basic ${Buffer.from('me:secret').toString('base64')}`;
    expect(asked).toEqual([`/simple/made-up/ ${login}`, `/files/${file} ${login}`]);
    await removeEngine('xla-cpu');
    const missing = { ...engine, wheels: [{ ...engine.wheels[0]!, project: 'other' }] };
    const error = await addEngine('xla-cpu', { engine: missing }).catch((reason: Error) => reason);
    expect(String(error)).toMatch(/simple\/other\/ answers 404/);
    expect(String(error)).not.toContain('secret');
  });

  it.each([
    ['is cut short', () => bytes.subarray(0, 100), /ended after 100 of \d+ bytes/],
    ['was changed', () => bytes.map((value, i) => (i === 60 ? value ^ 1 : value)), /is not the pinned .*SHA-256/],
  ])('leaves nothing behind if its wheel %s', async (_, wheel, message) => {
    sent = wheel();
    await expect(addEngine('xla-cpu', { engine })).rejects.toThrow(message);
    expect(left()).toEqual([]);
  });

  it('leaves nothing behind if the index is not there', async () => {
    vi.stubEnv('MEDBENCH_PYTHON_INDEX', 'http://127.0.0.1:1/simple');
    await expect(addEngine('xla-cpu', { engine })).rejects.toMatchObject({
      message: expect.stringMatching(/made-up\/ cannot be reached/),
      hint: expect.stringContaining('--from'),
    });
    expect(left()).toEqual([]);
  });

  it('removes what a killed process left', async () => {
    mkdirSync(`${home()}.partial`);
    writeFileSync(`${home()}.partial/rest`, 'x');
    await addEngine('xla-cpu', { engine });
    expect(left()).toEqual([`xla-cpu-${engine.version}`]);
    expect(readdirSync(home())).not.toContain('rest');
  });
});

describe('an engine from a folder', () => {
  const wheels = (content: Uint8Array | undefined): string => {
    const from = mkdtempSync(join(folder, '.wheels-'));
    if (content) writeFileSync(join(from, file), content);
    return from;
  };

  it('is unpacked without a network', async () => {
    await addEngine('xla-cpu', { engine, from: wheels(bytes) });
    expect(readFileSync(join(home(), PLUGIN), 'utf8')).toBe('no library');
    expect(asked).toEqual([]);
  });

  it.each([
    ['missing', undefined, /is missing/],
    ['cut short', bytes.subarray(0, 100), /is cut short: it has 100 of/],
    ['another', bytes.map((value) => value ^ 1), /is not the pinned/],
  ])('is refused if a wheel is %s', async (_, content, message) => {
    await expect(addEngine('xla-cpu', { engine, from: wheels(content) })).rejects.toThrow(message);
    expect(left()).toEqual([]);
  });

  it('may not write outside its own folder', async () => {
    const wheel = {
      ...engine.wheels[0]!,
      bytes: outside.length,
      sha256: createHash('sha256').update(outside).digest('hex'),
    };
    await expect(
      addEngine('xla-cpu', { engine: { ...engine, wheels: [wheel] }, from: wheels(outside) }),
    ).rejects.toThrow(/not inside/);
    expect(left()).toEqual([]);
  });
});

it('an engine for another system is refused', async () => {
  const other = { ...engine, platform: 'solaris-sparc' };
  await expect(addEngine('xla-cpu', { engine: other })).rejects.toThrow('xla-cpu is for solaris-sparc');
});

it('a plugin in the active Python environment is found', () => {
  vi.stubEnv('VIRTUAL_ENV', folder);
  const path = join(folder, 'lib/python3.12/site-packages', engine.plugin);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, '');
  expect(locatePlugin('xla-cpu')).toEqual({ path, source: 'python' });
});

describe('the status of a backend', () => {
  it('says what installs a missing engine', async () => {
    expect(await new XlaCpu().status()).toEqual({
      available: false,
      reason: "XLA's CPU plugin is not installed",
      remedy: 'medbench engines add xla-cpu',
    });
    await expect(new XlaCpu().load({} as never, {})).rejects.toMatchObject({ hint: 'medbench engines add xla-cpu' });
  });

  it('has the words of the loader for a plugin that is no library', async () => {
    await addEngine('xla-cpu', { engine: { ...engine, plugin: PLUGIN } });
    vi.stubEnv('MEDBENCH_XLA_PLUGIN', join(home(), PLUGIN));
    const { available, reason } = await new XlaPlugin().status();
    expect(available).toBe(false);
    expect(reason).toMatch(/plugin\.so: The library cannot be loaded/);
  });
});
