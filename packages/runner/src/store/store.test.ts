import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { awaitLock, lockFolder } from '@medbench/core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { hashJson, RunStore, type StoredCell } from './index.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'medbench-store-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const cell: StoredCell = {
  schemaVersion: 1,
  key: 'k1',
  method: 'clip',
  task: 'pcam',
  seed: 3,
  seconds: 1,
  synthetic: false,
  results: [],
};

describe('RunStore', () => {
  it('returns a cell only under its key', () => {
    const store = RunStore.open(folder);
    store.writeCell(cell);
    expect(store.readCell('clip', 'pcam', 3, 'k1')).toEqual(cell);
    expect(store.readCell('clip', 'pcam', 3, 'other')).toBeUndefined();
    expect(store.readCell('clip', 'pcam', 4, 'k1')).toBeUndefined();
    store.close();
  });

  it('ignores a truncated cell', () => {
    const store = RunStore.open(folder);
    store.writeCell(cell);
    const file = store.layout.cell('clip', 'pcam', 3);
    writeFileSync(file, readFileSync(file, 'utf8').slice(0, 20));
    expect(store.readCell('clip', 'pcam', 3, 'k1')).toBeUndefined();
    store.close();
  });

  it.each([
    ['an edited figure', (text: string) => text.replace('"seconds": 1', '"seconds": 2')],
    ['another key', (text: string) => text.replace('"k1"', '"k2"')],
    ['results that were removed', (text: string) => text.replace('"results": []', '"results": null')],
  ])('takes a cell with %s as none, and says so', (_, edit) => {
    const warnings: string[] = [];
    const store = RunStore.open(folder, (text) => warnings.push(text));
    store.writeCell(cell);
    const file = store.layout.cell('clip', 'pcam', 3);
    const text = readFileSync(file, 'utf8');
    expect(edit(text)).not.toBe(text);
    writeFileSync(file, edit(text));
    for (const key of ['k1', 'k2']) expect(store.readCell('clip', 'pcam', 3, key)).toBeUndefined();
    expect(warnings[0]).toMatch('cells/clip/pcam/seed-3.json is damaged or was changed by hand');
    expect(readFileSync(store.layout.log, 'utf8')).toContain('"damaged":"cells/clip/pcam/seed-3.json"');
    store.writeCell(cell);
    expect(store.readCell('clip', 'pcam', 3, 'k1')).toEqual(cell);
    store.close();
  });

  it('keeps the files of an id that contains a path inside the folder', () => {
    const store = RunStore.open(folder);
    expect(store.layout.checkpoint('../../etc', 0).startsWith(join(folder, 'checkpoints'))).toBe(true);
    expect(store.layout.checkpoint('..', 0)).toBe(join(folder, 'checkpoints', '%2E%2E', 'seed-0'));
    store.close();
  });

  it('names a folder that cannot be written', () => {
    const file = join(folder, 'plain-file');
    writeFileSync(file, '');
    expect(() => RunStore.open(join(file, 'run'))).toThrow(/plain-file.run cannot be written/);
  });
});

describe('lockFolder', () => {
  it('refuses a second holder until the first releases the lock', () => {
    const lock = lockFolder(folder);
    expect(() => lockFolder(folder)).toThrow(`in use by process ${process.pid}`);
    lock.release();
    lockFolder(folder).release();
  });

  it('takes over from a process that was killed', async () => {
    const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)']);
    mkdirSync(join(folder, '.lock'));
    const owner = { pid: child.pid, host: hostname(), started: '' };
    writeFileSync(join(folder, '.lock', 'owner.json'), JSON.stringify(owner));
    expect(() => lockFolder(folder)).toThrow(`in use by process ${child.pid}`);
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('exit', resolve));
    lockFolder(folder).release();
  });

  it('does not mistake a reused process id for the holder', () => {
    mkdirSync(join(folder, '.lock'));
    const owner = { pid: process.pid, host: hostname(), started: 'another time' };
    writeFileSync(join(folder, '.lock', 'owner.json'), JSON.stringify(owner));
    lockFolder(folder).release();
  });
});

describe('the lock of a process that cannot be looked up from here', () => {
  const file = (): string => join(folder, '.lock', 'owner.json');
  /** Leaves the lock of a process of another machine or container, last heard of `age` milliseconds ago. */
  const leave = (age: number, owner: object = { host: 'othernode', place: 'another boot' }): void => {
    mkdirSync(join(folder, '.lock'), { recursive: true });
    writeFileSync(file(), JSON.stringify({ pid: process.pid, started: '', id: 'x', ...owner }));
    const time = new Date(Date.now() - age);
    utimesSync(file(), time, time);
  };

  it.each([
    ['another machine', { host: 'othernode', place: 'another boot' }],
    ['another container of the same host name', { host: hostname(), place: 'this boot, another namespace' }],
    ['another machine, by an older version', { host: 'othernode' }],
  ])('of %s holds while it gives signs of life, and is taken over two minutes later', (_, owner) => {
    leave(110_000, owner);
    expect(() => lockFolder(folder)).toThrow(/is in use by process \d+ on /);
    leave(121_000, owner);
    lockFolder(folder).release();
  });

  it('says when it counts as gone', () => {
    leave(1000);
    const hint = expect.stringContaining('counts as gone 2 minutes after its last sign of life');
    expect(() => lockFolder(folder)).toThrow(expect.objectContaining({ hint }));
  });

  it('is waited for: until it gives a sign of life, or is gone', async () => {
    const waiting = vi.fn();
    leave(118_500);
    await awaitLock(folder, { waiting });
    expect(waiting.mock.calls).toEqual([[expect.stringContaining('waiting for a sign of life')]]);
    lockFolder(folder).release();
    leave(50_000);
    setTimeout(() => leave(0), 300);
    await awaitLock(folder, { waiting });
    expect(() => lockFolder(folder)).toThrow('in use');
  });

  it('is not waited for where no folder can be', async () => {
    writeFileSync(join(folder, 'plain'), '');
    await awaitLock(join(folder, 'plain', 'run'), { waiting: () => {} });
  });

  it('without an owner that makes sense is removed', () => {
    leave(0);
    writeFileSync(file(), '{}');
    lockFolder(folder).release();
  });

  it('refuses further writing once another process has taken it over', () => {
    const store = RunStore.open(folder);
    leave(0);
    expect(() => store.writeCell(cell)).toThrow(`${folder} was taken over by another process`);
    expect(() => store.log({})).toThrow('taken over');
    store.close();
    // It leaves the lock of the other process alone.
    expect(existsSync(file())).toBe(true);
  });
});

describe('a run folder with files of killed writers', () => {
  it('is cleaned under the lock, but for the folders of variants', () => {
    const names = [
      'results.json',
      'cells/a/b/seed-0.json',
      'checkpoints/a/seed-0/resume.safetensors',
      'variant/x.json',
    ];
    for (const name of names) {
      mkdirSync(join(folder, name, '..'), { recursive: true });
      writeFileSync(join(folder, `${name}.123-0a1b2c3d.tmp`), '');
      writeFileSync(join(folder, name), '');
    }
    writeFileSync(join(folder, 'my.tmp'), '');
    RunStore.open(folder).close();
    const left = readdirSync(folder, { recursive: true })
      .map(String)
      .filter((name) => name.endsWith('.tmp'));
    expect(left.sort()).toEqual(['my.tmp', join('variant', 'x.json.123-0a1b2c3d.tmp')]);
    for (const name of names) expect(existsSync(join(folder, name))).toBe(true);
  });
});

describe('hashJson', () => {
  it('does not depend on the order of keys, but on every value', () => {
    expect(hashJson({ a: 1, b: { c: 2, d: [1, 2] } })).toBe(hashJson({ b: { d: [1, 2], c: 2 }, a: 1 }));
    expect(hashJson({ a: [1, 2] })).not.toBe(hashJson({ a: [2, 1] }));
    expect(hashJson({ a: 1 })).not.toBe(hashJson({ a: '1' }));
  });
});
