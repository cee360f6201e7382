import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { lockFolder } from '@medbench/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
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
    const release = lockFolder(folder);
    expect(() => lockFolder(folder)).toThrow(`in use by process ${process.pid}`);
    release();
    lockFolder(folder)();
  });

  it('takes over from a process that was killed', async () => {
    const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)']);
    mkdirSync(join(folder, '.lock'));
    const owner = { pid: child.pid, host: hostname(), started: '' };
    writeFileSync(join(folder, '.lock', 'owner.json'), JSON.stringify(owner));
    expect(() => lockFolder(folder)).toThrow(`in use by process ${child.pid}`);
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('exit', resolve));
    lockFolder(folder)();
  });

  it('does not mistake a reused process id for the holder', () => {
    mkdirSync(join(folder, '.lock'));
    const owner = { pid: process.pid, host: hostname(), started: 'another time' };
    writeFileSync(join(folder, '.lock', 'owner.json'), JSON.stringify(owner));
    lockFolder(folder)();
  });
});

describe('hashJson', () => {
  it('does not depend on the order of keys, but on every value', () => {
    expect(hashJson({ a: 1, b: { c: 2, d: [1, 2] } })).toBe(hashJson({ b: { d: [1, 2], c: 2 }, a: 1 }));
    expect(hashJson({ a: [1, 2] })).not.toBe(hashJson({ a: [2, 1] }));
    expect(hashJson({ a: 1 })).not.toBe(hashJson({ a: '1' }));
  });
});
