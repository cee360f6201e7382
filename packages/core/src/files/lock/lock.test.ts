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
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { random } from '../../random/index.js';
import { awaitLock, Lock, lockFolder, lockOf } from './index.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'medbench-lock-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const lockFile = (name: string): string => join(lockOf(folder), name);
const write = (name: string, content: object): void => {
  mkdirSync(lockOf(folder), { recursive: true });
  writeFileSync(lockFile(name), JSON.stringify(content));
};
const ELSEWHERE = { pid: process.pid, host: 'othernode', started: '', place: 'another boot' };

describe('lockFolder', () => {
  it('refuses a second holder until the first releases the lock', () => {
    const lock = lockFolder(folder, { doing: 'clip:0' });
    expect(() => lockFolder(folder)).toThrow(`in use by process ${process.pid} on ${hostname()} (clip:0)`);
    lock.release();
    lockFolder(folder).release();
  });

  it('takes over from a process that was killed, also one of the versions before generations', async () => {
    const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)']);
    write('owner.json', { pid: child.pid, host: hostname(), started: '' });
    expect(() => lockFolder(folder)).toThrow(`in use by process ${child.pid}`);
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('exit', resolve));
    const lock = lockFolder(folder);
    // The older version would find its owner gone, and stop.
    expect(existsSync(lockFile('owner.json'))).toBe(false);
    lock.release();
  });

  it('does not mistake a reused process id for the holder', () => {
    write('1', { pid: process.pid, host: hostname(), started: 'another time', token: 'x' });
    lockFolder(folder).release();
  });

  it.runIf(process.platform === 'linux')(
    'takes over from a process that has ended and that nobody waits for',
    async () => {
      const parent = spawn('sh', ['-c', 'sleep 0 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] });
      const pid = Number(await new Promise((resolve) => parent.stdout.once('data', resolve)));
      await vi.waitFor(() => expect(readFileSync(`/proc/${pid}/stat`, 'utf8')).toContain(') Z '));
      write('1', { pid, host: hostname(), started: '', token: 'x' });
      lockFolder(folder).release();
      parent.kill('SIGKILL');
    },
  );

  it('takes the lock of an older version whose owner makes no sense', () => {
    write('owner.json', {});
    lockFolder(folder).release();
  });

  it('keeps the last generations only, and removes what killed processes left', () => {
    write('x.draft', {});
    for (let i = 0; i < 10; i++) lockFolder(folder).release();
    const lock = lockFolder(folder);
    const generations = readdirSync(lockOf(folder)).filter((name) => /^\d+$/.test(name));
    expect(generations.map(Number).sort((a, b) => a - b)).toEqual(Array.from({ length: 9 }, (_, i) => 13 + i));
    expect(existsSync(lockFile('x.draft'))).toBe(false);
    lock.release();
  });

  it('notices that its folder was removed', () => {
    const lock = lockFolder(folder);
    rmSync(lockOf(folder), { recursive: true });
    expect(lock.isHeld()).toBe(false);
    const other = lockFolder(folder);
    expect([lock.isHeld(), other.isHeld()]).toEqual([false, true]);
    lock.release();
    expect(other.isHeld()).toBe(true);
    other.release();
  });

  it('says what its holder does, and what the holder last said', async () => {
    const lock = lockFolder(folder, { doing: 'clip:0' });
    const seen = new Lock(lockOf(folder));
    expect(seen.look()).toMatchObject({ state: 'held', alive: true, holder: { pid: process.pid, doing: 'clip:0' } });
    await vi.waitFor(() => expect(existsSync(lockFile('1.beat'))).toBe(true));
    lock.release();
    expect(seen.look()).toMatchObject({ state: 'free', note: {} });
    write('3', { ...ELSEWHERE, token: 'x' });
    write('3.beat', { beat: 4, step: 40, steps: 600 });
    expect(seen.look().note).toEqual({ step: 40, steps: 600 });
  });
});

describe('the lock of a process that cannot be looked up from here', () => {
  it.each([
    ['another machine', '1', ELSEWHERE],
    ['another container of the same host name', '1', { ...ELSEWHERE, host: hostname(), place: 'this boot, elsewhere' }],
    ['another machine, by an older version', 'owner.json', { pid: 1, host: 'othernode', started: '' }],
  ])('of %s is taken over when it was silent while this process watched', async (_, name, owner) => {
    write(name, { ...owner, token: 'x', id: 'x' });
    // Whatever the clock of that machine was: only changes count.
    utimesSync(lockFile(name), new Date(0), new Date(0));
    expect(() => lockFolder(folder)).toThrow(/is in use by process \d+ on /);
    const waiting = vi.fn();
    const began = performance.now();
    (await awaitLock(folder, { waiting, silence: 300 })).release();
    expect(performance.now() - began).toBeGreaterThanOrEqual(300);
    expect(waiting.mock.calls).toEqual([[expect.stringContaining('waiting for a sign of life')]]);
  });

  it.each([
    ['counts', '1', () => write('1.beat', { beat: 7 })],
    ['touches its owner, as older versions do', 'owner.json', () => utimesSync(lockFile('owner.json'), 1, 1)],
  ])('is refused as soon as it %s', async (_, name, sign) => {
    write(name, { ...ELSEWHERE, token: 'x' });
    setTimeout(sign, 100);
    await expect(awaitLock(folder, { silence: 5000 })).rejects.toMatchObject({
      message: expect.stringContaining('is in use by process'),
      hint: expect.stringContaining('Wait until it ends'),
    });
  });

  it('says when it counts as gone', () => {
    write('1', { ...ELSEWHERE, token: 'x' });
    const hint = expect.stringContaining('counts as gone 2 minutes after its last sign of life');
    expect(() => lockFolder(folder)).toThrow(expect.objectContaining({ hint }));
  });

  it('is given up waiting for when the user stops', async () => {
    write('1', { ...ELSEWHERE, token: 'x' });
    const waited = awaitLock(folder, { signal: AbortSignal.timeout(50) });
    await expect(waited).rejects.toMatchObject({ code: 'interrupted' });
  });
});

/** Counts in a file without any care, under the lock: two processes at once would lose counts. */
const COUNTER = `
import { awaitLock } from '@medbench/core';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
const [folder, times] = process.argv.slice(1);
for (let i = 0; i < Number(times); i++) {
  const lock = await awaitLock(folder, { patience: 60_000 });
  const count = Number(readFileSync(folder + '/count', 'utf8'));
  await new Promise((resolve) => setTimeout(resolve, 1));
  writeFileSync(folder + '/count.' + process.pid, String(count + 1));
  if (!lock.isHeld()) throw new Error('lost the lock');
  renameSync(folder + '/count.' + process.pid, folder + '/count');
  console.log('counted');
  lock.release();
}
process.exit();`;

it('lets real processes count one at a time, of which two are killed', async () => {
  writeFileSync(join(folder, 'count'), '0');
  const TIMES = 20;
  const draw = random(5, 'kills');
  let counted = 0;
  const run = (times: number, killAfter?: number): Promise<void> => {
    const args = ['--input-type=module', '-e', COUNTER, folder, String(times)];
    const child = spawn(process.execPath, args, { cwd: import.meta.dirname, stdio: ['ignore', 'pipe', 'inherit'] });
    child.stdout.on('data', (text) => {
      counted += String(text).match(/counted/g)?.length ?? 0;
      if (killAfter !== undefined) void delay(killAfter).then(() => child.kill('SIGKILL'));
    });
    return new Promise((resolve) => child.once('close', () => resolve()));
  };
  await Promise.all([run(TIMES), run(TIMES), ...[1, 2].map(() => run(1e6, 50 * draw.uniform()))]);
  const count = Number(readFileSync(join(folder, 'count'), 'utf8'));
  // A process may be killed after it has counted and before it says so.
  expect(count - counted).toBeGreaterThanOrEqual(0);
  expect(count - counted).toBeLessThanOrEqual(2);
  expect(counted).toBeGreaterThan(2 * TIMES);
});
