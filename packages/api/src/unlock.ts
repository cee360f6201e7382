import { setTimeout as delay } from 'node:timers/promises';
import { describeHolder, Lock, type LockHolder, MedbenchError } from '@medbench/core';
import { unknownIdError } from '@medbench/core/catalogue';
import { GATHER, RunLayout } from '@medbench/runner';
import { openRun } from './open-run.js';

/** Milliseconds in which a holder gives a sign of life: two, and a moment for the file system. */
const WATCH = 25_000;
const LOOK = 500;

/** Options of `unlock`. */
export interface UnlockOptions {
  /** Id of the unit to free. Default: every unit that is held. */
  readonly unit?: string | undefined;
  /** Frees a lock whose holder is at work, too. That process stops before it writes again. */
  readonly force?: boolean | undefined;
  readonly cwd?: string | undefined;
  /** Milliseconds to watch for a sign of life. */
  readonly watch?: number | undefined;
  /** Is told what takes time. */
  readonly log?: ((message: string) => void) | undefined;
}

/** A lock that was freed, and whose it was. */
export interface FreedLock {
  readonly unit: string;
  readonly holder: LockHolder | undefined;
}

/**
 * Frees locks of a run folder by hand.
 * @throws MedbenchError('store') if a holder is at work, and `force` is not set; ('unknown-id') for a unit that nobody has
 *   worked on; ('usage') if the folder is not that of a run.
 */
export async function unlock(dir: string, options: UnlockOptions = {}): Promise<FreedLock[]> {
  const { unit, force = false, cwd = process.cwd(), watch = WATCH, log = () => {} } = options;
  const { folder } = openRun(cwd, dir);
  const locks = new Map(new RunLayout(folder).locks());
  const ids = unit === undefined ? [...locks.keys()] : [unit];
  const freed: FreedLock[] = [];
  for (const id of ids) {
    const path = locks.get(id);
    if (path === undefined) throw unknownIdError('unit', id, [...locks.keys()], `medbench status ${folder}`);
    const lock = new Lock(path, { doing: 'unlock', silence: watch });
    let seen = lock.look();
    if (seen.state === 'held' && !force) {
      if (!seen.alive) log(`watching ${id} for a sign of life of ${describeHolder(seen.holder)}, ${watch / 1000} s`);
      while (seen.state === 'held' && !seen.alive) {
        await delay(Math.min(LOOK, watch));
        seen = lock.look();
      }
      if (seen.state === 'held') throw atWork(id, seen.holder);
    }
    if (seen.state !== 'free' && lock.free(seen)) freed.push({ unit: id, holder: seen.holder });
  }
  return freed;
}

const atWork = (id: string, holder: LockHolder | undefined): MedbenchError =>
  new MedbenchError('store', `${describeHolder(holder)} is at work on ${id === GATHER ? 'the table' : id}`, {
    hint: 'End that process, or add --force: it then stops before it writes again.',
  });
