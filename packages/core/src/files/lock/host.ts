import { randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import type { LockHolder, LockProcess } from './protocol.js';

const readText = (read: () => string): string => {
  try {
    return read().trim();
  } catch {
    return '';
  }
};

/** Reads the state and the start time of a process from /proc; '' if that is not possible. */
function processStat(pid: number): { readonly state: string; readonly started: string } {
  const stat = readText(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  // The command, field 2, may contain blanks and brackets. Fields after the last bracket do not.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0] ?? '', started: fields[19] ?? '' };
}

/** States of a process that has ended, and that its parent has not asked for. In a container nobody may ever ask. */
const ENDED = ['Z', 'X', 'x'];

/** The start of this machine and the PID namespace of this process; '' where the system has neither. */
const thisPlace = (): string =>
  [
    readText(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')),
    readText(() => readlinkSync('/proc/self/ns/pid')),
  ]
    .filter(Boolean)
    .join(' ');

/** Whether the process of a holder can be looked up from here. */
function isNear({ host, place }: LockHolder): boolean {
  const here = thisPlace();
  return place && here ? place === here : host === hostname();
}

/** Whether this machine has a process of this number, also one of another user. */
export function isProcessRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Whether the process of a holder runs; undefined if it cannot be looked up, because it is of another machine or container. */
function isRunning(holder: LockHolder): boolean | undefined {
  if (!isNear(holder)) return undefined;
  const { pid, started } = holder;
  if (!isProcessRunning(pid)) return false;
  const now = processStat(pid);
  return !ENDED.includes(now.state) && (started === '' || now.started === started);
}

/**
 * This process, as locks know it.
 * @param doing what it does under the lock.
 * @param silence milliseconds without a sign of life after which a holder that cannot be looked up counts as gone.
 */
export const thisProcess = (doing: string | undefined, silence: number): LockProcess => ({
  holder: () => ({
    pid: process.pid,
    host: hostname(),
    started: processStat(process.pid).started,
    place: thisPlace(),
    ...(doing === undefined ? {} : { doing }),
    since: new Date().toISOString(),
  }),
  token: () => randomBytes(8).toString('hex'),
  isRunning,
  now: () => performance.now(),
  silence,
});
