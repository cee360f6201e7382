import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { MedbenchError } from '../../errors.js';
import { Heart, type LockNote } from './heart.js';
import { thisProcess } from './host.js';
import { beatFile, finish, LockClient, type LockHolder, type LockState } from './protocol.js';
import { realLockFiles } from './real-files.js';

/** Milliseconds between two signs of life of the holder of a lock. */
const BEAT = 10_000;
/** Milliseconds without a sign of life after which a lock is taken over, if its process cannot be looked up. */
const SILENCE = 120_000;
/** Milliseconds between two looks at a lock whose holder is at work, and at one whose holder may be gone. */
const LOOK = { alive: 50, silent: 500 };

const heart = new Heart(BEAT);

/** A lock that this process holds. */
export interface FolderLock {
  /** Whether it is this process's. Another may take it over while this one is stopped for minutes. */
  isHeld(): boolean;
  /** Says something about the work under the lock, which others see within seconds. */
  note(note: LockNote): void;
  release(): void;
}

/** The state of a lock, as everybody sees it. */
export interface SeenLock extends LockState {
  /** The last word of its holder about the work. */
  readonly note: LockNote;
  /**
   * Seconds since the last sign of life of its holder that this object saw, by the clock of this machine. At the first look
   * it is the age of the file.
   */
  readonly silent: number;
}

/** Options of a lock. */
export interface LockOptions {
  /** The task of this process under the lock, for people who wait for it. */
  readonly doing?: string;
  /** Milliseconds without a sign of life after which a holder counts as gone. Default: two minutes. */
  readonly silence?: number;
}

/** Options of a lock whose error advises something. */
export interface AdvisedLockOptions extends LockOptions {
  /** The advice for the case that the holder is no more. */
  readonly remedy?: string;
}

const parseNote = (text: string | undefined): LockNote => {
  try {
    const { beat: _, ...note } = JSON.parse(text ?? '{}') as LockNote;
    return note;
  } catch {
    return {};
  }
};

/**
 * A lock that this process may take. It remembers the last sign of life of whoever holds it, so ask one object again and
 * again: a holder of another machine counts as gone two minutes after its last sign of life that this object saw.
 */
export class Lock {
  readonly #client: LockClient;
  /** The last sign of life that `look` saw, and when, in milliseconds. */
  #sign: { readonly text: string; readonly at: number } | undefined;

  /** @param folder folder of the lock's own files. */
  constructor(
    readonly folder: string,
    { doing, silence = SILENCE }: LockOptions = {},
  ) {
    this.#client = new LockClient(realLockFiles(folder), thisProcess(doing, silence));
  }

  /**
   * Takes the lock if it is free, or if its holder is gone.
   * @returns the lock, or who holds it.
   * @throws the error of the system if the folder cannot be written.
   */
  take(): FolderLock | LockState {
    const held = finish(this.#client.take());
    if (held) return held;
    const file = join(this.folder, beatFile(this.#client.generation!));
    heart.beat(file);
    return {
      isHeld: () => finish(this.#client.holds()),
      note: (note) => heart.beat(file, note),
      release: () => {
        heart.stop(file);
        finish(this.#client.release());
      },
    };
  }

  /** Says who holds the lock, and takes nothing. */
  look(): SeenLock {
    const state = finish(this.#client.look());
    if (state.state === 'free') return { ...state, note: {}, silent: 0 };
    const files = realLockFiles(this.folder);
    const beat = beatFile(state.generation);
    const text = files.read(beat);
    return { ...state, note: parseNote(text), silent: this.#silence(`${beat} ${text}`, () => files.stamp(beat)) };
  }

  /** @param stamp when the file was last written, as a text; '' if it is not there. */
  #silence(text: string, stamp: () => string): number {
    const now = performance.now();
    if (this.#sign?.text !== text) {
      const written = this.#sign ? '' : stamp();
      const age = written === '' ? 0 : Math.max(0, Date.now() - Number(written));
      this.#sign = { text, at: now - age };
    }
    return (now - this.#sign.at) / 1000;
  }

  /**
   * Frees the lock, whoever holds it: that process stops before it writes again.
   * @param seen the state in which the lock is to be freed.
   * @returns false if it has changed hands meanwhile.
   */
  free({ generation }: LockState): boolean {
    return finish(this.#client.free(generation));
  }
}

const isLock = (taken: FolderLock | LockState): taken is FolderLock => 'release' in taken;

/** Folder of the lock in a folder that is locked as a whole. */
export const lockOf = (folder: string): string => join(folder, '.lock');

/** Names a holder in a message. */
export const describeHolder = (holder: LockHolder | undefined): string =>
  holder ? `process ${holder.pid} on ${holder.host}` : 'a process that cannot be read';

const minutes = (ms: number): string => `${ms / 60_000} minutes`;

/** The error for a folder that another process uses. */
export function lockedError(folder: string, { holder, alive }: LockState, remedy?: string): MedbenchError {
  const doing = holder?.doing === undefined ? '' : ` (${holder.doing})`;
  const elsewhere = alive ? '' : `It counts as gone ${minutes(SILENCE)} after its last sign of life. `;
  const inUse = holder
    ? `is in use by process ${holder.pid} on ${holder.host}${doing}`
    : `is in use by ${describeHolder(holder)}`;
  return new MedbenchError('store', `${folder} ${inUse}`, {
    hint:
      `Wait until it ends, or choose another --out. ${elsewhere}` +
      (remedy ?? `If no medbench is running there, remove ${lockOf(folder)}.`),
  });
}

/**
 * Locks a folder for this process, at once or not at all. A lock whose process has ended is taken over; one of a process
 * that cannot be looked up from here is not, because nothing is known of it yet (`awaitLock`).
 * @throws MedbenchError('store') naming the process that holds the lock.
 */
export function lockFolder(folder: string, { remedy, ...options }: AdvisedLockOptions = {}): FolderLock {
  const taken = new Lock(lockOf(folder), options).take();
  if (isLock(taken)) return taken;
  throw lockedError(folder, taken, remedy);
}

/** How to wait for a lock. */
export interface WaitOptions extends AdvisedLockOptions {
  /** Is told once why this takes time. */
  readonly waiting?: (message: string) => void;
  readonly signal?: AbortSignal;
  /** Milliseconds to wait for a process that is at work. Default 0: it is an error at once. */
  readonly patience?: number;
}

/**
 * Locks a folder for this process, and waits while the lock may be that of a process that is gone: one of another machine
 * or container that has not given a sign of life. It decides when it sees one, or after two minutes without one. So a job
 * that is started again on another machine continues.
 * @throws MedbenchError('store') naming the process that holds the lock and is at work; ('interrupted').
 */
export async function awaitLock(
  folder: string,
  { waiting, signal, patience = 0, remedy, ...options }: WaitOptions = {},
): Promise<FolderLock> {
  const lock = new Lock(lockOf(folder), options);
  const deadline = performance.now() + patience;
  let told = false;
  for (;;) {
    const taken = lock.take();
    if (isLock(taken)) return taken;
    if (taken.alive && performance.now() >= deadline) throw lockedError(folder, taken, remedy);
    if (!told && !taken.alive) {
      waiting?.(
        `${folder} was in use by ${describeHolder(taken.holder)}; waiting for a sign of life, ` +
          `at most ${minutes(options.silence ?? SILENCE)}`,
      );
      told = true;
    }
    await delay(taken.alive ? LOOK.alive : LOOK.silent, undefined, signal ? { signal } : {}).catch(() => {});
    if (signal?.aborted) throw new MedbenchError('interrupted', `Stopped while waiting for the lock of ${folder}`);
  }
}
