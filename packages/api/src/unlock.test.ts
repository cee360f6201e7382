import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lockFolder } from '@medbench/core';
import { RunLayout } from '@medbench/runner/layout';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { unlock } from './unlock.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'medbench-unlock-'));
  writeFileSync(join(folder, 'run.json'), '{}');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const unit = { row: 'clip-partial:freeze=0.5', seed: 3 };
const id = 'clip-partial:freeze=0.5:3';
const holder = { pid: 7, host: 'othernode', started: '', place: 'another boot', since: '2026-01-02T03:04:05.000Z' };

/** Leaves the lock of a unit that a process of another machine holds. @returns the folder of the lock. */
function leave(): string {
  const lock = join(new RunLayout(folder).unit(unit), 'lock');
  mkdirSync(lock, { recursive: true });
  writeFileSync(join(lock, '4'), JSON.stringify({ ...holder, token: 'x' }));
  return lock;
}

it('frees the lock of a machine that gives no sign of life, and says whose it was', async () => {
  leave();
  expect(await unlock(folder, { watch: 100 })).toEqual([{ unit: id, holder: expect.objectContaining(holder) }]);
  expect(await unlock(folder, { watch: 100 })).toEqual([]);
});

it('refuses while the holder counts, unless it is forced', async () => {
  const lock = leave();
  const heart = setInterval(() => writeFileSync(join(lock, '4.beat'), String(performance.now())), 20);
  await expect(unlock(folder, { unit: id, watch: 2000 })).rejects.toMatchObject({
    message: `process 7 on othernode is at work on ${id}`,
    hint: expect.stringContaining('--force'),
  });
  expect(await unlock(folder, { unit: id, force: true })).toHaveLength(1);
  clearInterval(heart);
});

it('refuses to free the table of a process of this machine, which notices if it is forced', async () => {
  const lock = lockFolder(folder);
  await expect(unlock(folder)).rejects.toThrow(`process ${process.pid} on `);
  expect(await unlock(folder, { unit: 'gather', force: true })).toMatchObject([{ unit: 'gather' }]);
  expect(lock.isHeld()).toBe(false);
  lock.release();
});

it('names the units that it knows', async () => {
  leave();
  await expect(unlock(folder, { unit: 'clip:3' })).rejects.toMatchObject({
    code: 'unknown-id',
    hint: expect.stringContaining(id),
  });
});
