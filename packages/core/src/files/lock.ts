import { randomBytes } from 'node:crypto';
import {
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { MedbenchError } from '../errors.js';

/** Milliseconds between two signs of life of the owner of a lock. */
const BEAT = 10_000;
/** Milliseconds without a sign of life after which a lock is taken over, if its process cannot be looked up. */
const SILENCE = 120_000;

/** Folder of the lock in a run folder, and the file in it. */
const LOCK = '.lock';
const OWNER = 'owner.json';

interface Owner {
  readonly pid: number;
  readonly host: string;
  /** Start time of the process in clock ticks since boot, '' if unknown. It detects a reused process id. */
  readonly started: string;
  /**
   * Where the process id counts: this start of this machine, and the PID namespace. Containers may share a host name,
   * but not their processes. '' if unknown.
   */
  readonly place?: string;
  /** Tells two locks of one process apart. */
  readonly id?: string;
}

const readText = (read: () => string): string => {
  try {
    return read().trim();
  } catch {
    return '';
  }
};

/** Reads the start time of a process from /proc; '' if that is not possible. */
function processStartTime(pid: number): string {
  const stat = readText(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  // The command, field 2, may contain blanks and brackets. Fields after the last bracket do not.
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

/** The start of this machine and the PID namespace of this process; '' where the system has neither. */
const thisPlace = (): string =>
  [
    readText(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')),
    readText(() => readlinkSync('/proc/self/ns/pid')),
  ]
    .filter(Boolean)
    .join(' ');

/** Whether the process of an owner can be looked up from here. */
function isNear({ host, place }: Owner): boolean {
  const here = thisPlace();
  return place && here ? place === here : host === hostname();
}

/** Whether a process that can be looked up is running. */
function isRunning({ pid, started }: Owner): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return started === '' || processStartTime(pid) === started;
}

function readOwner(file: string): Owner | undefined {
  try {
    const owner = JSON.parse(readFileSync(file, 'utf8')) as Owner;
    return typeof owner.pid === 'number' && typeof owner.host === 'string' ? owner : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Milliseconds since the last sign of life in a folder. Both times are those of the file system, whose clock may differ
 * from this machine's.
 */
function silence(dir: string, file: string): number {
  const probe = join(dir, `now.${process.pid}-${randomBytes(4).toString('hex')}`);
  try {
    writeFileSync(probe, '');
    const now = statSync(probe).mtimeMs;
    unlinkSync(probe);
    return now - statSync(file).mtimeMs;
  } catch {
    // The lock was released in between, or its folder is read-only: nothing is known to be silent.
    return 0;
  }
}

/** Whether a lock is its owner's: the process runs or, if it cannot be looked up, was heard of lately. */
const isHeld = (owner: Owner, dir: string, file: string): boolean =>
  isNear(owner) ? isRunning(owner) : silence(dir, file) < SILENCE;

/**
 * Removes a stale lock. It first moves the lock aside and checks it again, and moves it back if a live process took the
 * lock in between. So if two processes find the same stale lock, neither removes the new lock of the other.
 */
function removeStale(dir: string): void {
  const movedDir = `${dir}.${process.pid}`;
  try {
    renameSync(dir, movedDir);
  } catch {
    return; // Another process removed it first.
  }
  const file = join(movedDir, OWNER);
  const owner = readOwner(file);
  if (owner && isHeld(owner, movedDir, file)) renameSync(movedDir, dir);
  else rmSync(movedDir, { recursive: true, force: true });
}

/** The program of the thread that gives signs of life, also while the main thread computes. */
const HEART = `
const { workerData: { file, beat } } = require('node:worker_threads');
const { utimesSync } = require('node:fs');
setInterval(() => { try { utimesSync(file, new Date(), new Date()); } catch {} }, beat);`;

/** A lock that this process holds. */
export interface FolderLock {
  /** Whether it is this process's. Another may take it over while this one is stopped for minutes. */
  isHeld(): boolean;
  release(): void;
}

/**
 * Locks a run folder for this process. A lock whose process is gone (killed, or the machine restarted) is taken over. If
 * the process cannot be looked up, because it is of another machine or container, its lock is taken over after two
 * minutes without a sign of life.
 * @throws MedbenchError('store') naming the process that holds the lock.
 */
export function lockFolder(folder: string): FolderLock {
  const dir = join(folder, LOCK);
  const file = join(dir, OWNER);
  const id = randomBytes(8).toString('hex');
  const started = processStartTime(process.pid);
  const thisProcess: Owner = { pid: process.pid, host: hostname(), started, place: thisPlace(), id };
  for (let attempt = 0; attempt < 20; attempt++) {
    try {
      // mkdir either makes the folder or fails, so only one of two processes succeeds.
      mkdirSync(dir);
      writeFileSync(file, JSON.stringify(thisProcess));
      return holdLock(dir, file, id);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const owner = readOwner(file);
    if (owner && isHeld(owner, dir, file)) throw lockedError(folder, dir, owner);
    // The owner is gone, or another process is between the two calls above. Wait and check again before removing.
    if (!owner) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
    if (owner || attempt > 10) removeStale(dir);
  }
  throw new MedbenchError('store', `${folder} cannot be locked: other processes keep taking it`, {
    hint: 'Wait a moment, or choose another --out.',
  });
}

function lockedError(folder: string, dir: string, owner: Owner): MedbenchError {
  const elsewhere = `It counts as gone ${SILENCE / 60_000} minutes after its last sign of life. `;
  return new MedbenchError('store', `${folder} is in use by process ${owner.pid} on ${owner.host}`, {
    hint:
      `Wait until it ends, or choose another --out. ${isNear(owner) ? '' : elsewhere}` +
      `If no medbench is running there, remove ${dir}.`,
  });
}

function holdLock(dir: string, file: string, id: string): FolderLock {
  const heart = new Worker(HEART, { eval: true, workerData: { file, beat: BEAT }, execArgv: [] });
  heart.unref();
  // A thread that cannot start must not end the run: the lock then looks silent to other machines only.
  heart.on('error', () => {});
  const isHeld = (): boolean => readOwner(file)?.id === id;
  return {
    isHeld,
    release() {
      void heart.terminate();
      if (isHeld()) rmSync(dir, { recursive: true, force: true });
    },
  };
}

/**
 * Waits while a lock may be that of a process that is gone: one of another machine or container that has not been heard
 * of. It returns as soon as `lockFolder` can decide: the lock is free, its process is known to run, or two minutes have
 * passed without a sign of life. So a job that is started again on another machine continues.
 * @param waiting is told once why this takes time.
 */
export async function awaitLock(
  folder: string,
  { waiting, signal }: { readonly waiting: (message: string) => void; readonly signal?: AbortSignal },
): Promise<void> {
  const dir = join(folder, LOCK);
  const file = join(dir, OWNER);
  const lastSign = (): number | undefined => {
    try {
      return statSync(file).mtimeMs;
    } catch {
      return undefined;
    }
  };
  const first = lastSign();
  let told = false;
  while (!signal?.aborted) {
    const owner = readOwner(file);
    if (!owner || isNear(owner) || lastSign() !== first || silence(dir, file) >= SILENCE) return;
    if (!told) {
      waiting(
        `${folder} was in use by process ${owner.pid} on ${owner.host}; waiting for a sign of life, ` +
          `at most ${SILENCE / 60_000} minutes`,
      );
    }
    told = true;
    await delay(1000, undefined, signal ? { signal } : {}).catch(() => {});
  }
}
