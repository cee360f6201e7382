import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Lock, lockFolder, lockOf } from '@medbench/core';
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

describe('the lock of a run folder', () => {
  it('refuses further writing once another process has taken it over', () => {
    const store = RunStore.open(folder);
    const other = new Lock(lockOf(folder));
    expect(other.free(other.look())).toBe(true);
    expect(() => store.writeCell(cell)).toThrow(`${folder} was taken over by another process`);
    expect(() => store.log({})).toThrow('taken over');
    lockFolder(folder);
    store.close();
    // It leaves the lock of the other process alone.
    expect(() => RunStore.open(folder)).toThrow('is in use by process');
  });
});

describe('a run folder with files of killed writers', () => {
  it('is cleaned under the lock, but for the folders of variants and for units, which have locks of their own', () => {
    const [table, own, other] = [
      ['results.json', 'leaks/b.json'],
      ['cells/a/b/seed-0.json', 'checkpoints/a/seed-0/resume.safetensors', 'embeddings/a/seed-0/b/x.npy'],
      ['cells/a/b/seed-10.json', 'checkpoints/b/seed-0/resume.safetensors', 'variant/x.json'],
    ];
    const names = [...table, ...own, ...other];
    for (const name of names) {
      mkdirSync(join(folder, name, '..'), { recursive: true });
      writeFileSync(join(folder, `${name}.123-0a1b2c3d.tmp`), '');
      writeFileSync(join(folder, name), '');
    }
    writeFileSync(join(folder, 'my.tmp'), '');
    const left = (): string[] =>
      readdirSync(folder, { recursive: true })
        .map(String)
        .filter((name) => name.endsWith('.tmp'))
        .sort();
    const unfinished = (kept: readonly string[]): string[] =>
      ['my.tmp', ...kept.map((name) => join(`${name}.123-0a1b2c3d.tmp`))].sort();
    const store = RunStore.open(folder);
    expect(left()).toEqual(unfinished([...own, ...other]));
    store.removeUnfinished({ row: 'a', seed: 0 });
    expect(left()).toEqual(unfinished(other));
    store.close();
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
