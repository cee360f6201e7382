import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { MedbenchError } from '../errors.js';

interface Owner {
  readonly pid: number;
  readonly host: string;
  /** Start time of the process in clock ticks since boot, '' if unknown. It detects a reused process id. */
  readonly started: string;
}

/** Reads the start time of a process from /proc; '' if that is not possible. */
function processStartTime(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command, field 2, may contain blanks and brackets. Fields after the last bracket do not.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

function isAlive(owner: Owner): boolean {
  // A process on another machine cannot be checked. Its lock stays until someone removes it.
  if (owner.host !== hostname()) return true;
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return owner.started === '' || processStartTime(owner.pid) === owner.started;
}

function readOwner(file: string): Owner | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Owner;
  } catch {
    return undefined;
  }
}

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
  const owner = readOwner(join(movedDir, 'owner.json'));
  if (owner && isAlive(owner)) renameSync(movedDir, dir);
  else rmSync(movedDir, { recursive: true, force: true });
}

/**
 * Locks a run folder for this process. A lock whose process is gone (killed, or the machine restarted) is taken over.
 * @returns a function that releases the lock.
 * @throws MedbenchError('store') naming the process that holds the lock.
 */
export function lockFolder(folder: string): () => void {
  const dir = join(folder, '.lock');
  const file = join(dir, 'owner.json');
  const thisProcess: Owner = { pid: process.pid, host: hostname(), started: processStartTime(process.pid) };
  for (let attempt = 0; attempt < 20; attempt++) {
    try {
      // mkdir either makes the folder or fails, so only one of two processes succeeds.
      mkdirSync(dir);
      writeFileSync(file, JSON.stringify(thisProcess));
      return () => rmSync(dir, { recursive: true, force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const owner = readOwner(file);
    if (owner && isAlive(owner)) {
      throw new MedbenchError('store', `${folder} is in use by process ${owner.pid} on ${owner.host}`, {
        hint: `Wait until it ends, or choose another --out. If no medbench is running there, remove ${dir}.`,
      });
    }
    // The owner is gone, or another process is between the two calls above. Wait and check again before removing.
    if (!owner) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
    if (owner || attempt > 10) removeStale(dir);
  }
  throw new MedbenchError('store', `${folder} cannot be locked: other processes keep taking it`);
}
