import { rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describeHolder, type FolderLock, Lock, type LockNote, type LockState, type SeenLock } from '@medbench/core';
import type { RunObserver } from '../observer.js';
import { interrupted } from '../stages/failures.js';
import { GENERAL, type RunStore } from '../store/index.js';
import { type Unit, unitId } from './id.js';
import type { UnitOutcome } from './outcome.js';

/** A unit that has a lock of its own: a row under a seed, or the general-domain weights. */
export type LockedUnit = Unit | typeof GENERAL;

/** The failure of a unit, as `failed.json` holds it. */
export interface UnitFailure extends UnitOutcome {
  /** Name of the machine on which it failed. */
  readonly host: string;
  readonly time: string;
}

/** Examples that were skipped while a unit was carried out, by data set. */
export type UnitSkips = Readonly<Record<string, readonly string[]>>;

/** Milliseconds between two looks at a unit that another process holds, and before the user is told of it. */
const LOOK = 100;
const UNTOLD = 1000;

const idOf = (unit: LockedUnit): string => (unit === GENERAL ? GENERAL : unitId(unit));

/**
 * The units of a run folder as the processes share them: who works on which, and which failed. Whether a unit is done,
 * only its files say.
 */
export class UnitFolder {
  readonly #locks = new Map<string, Lock>();
  readonly #held = new Map<string, FolderLock>();

  constructor(
    private readonly store: RunStore,
    private readonly observer: Pick<RunObserver, 'message'>,
    private readonly signal: AbortSignal,
  ) {}

  /** Says who works on a unit. */
  look(unit: LockedUnit): SeenLock {
    return this.#lock(unit).look();
  }

  /** Says who writes the table. */
  lookAtTable(): SeenLock {
    return new Lock(this.store.layout.lock).look();
  }

  /**
   * Carries out work on a unit, if no other process holds it. This process may then write until the work ends, and as
   * long as nobody takes the unit over.
   * @returns who holds the unit, if somebody does.
   */
  async ifFree(unit: LockedUnit, work: () => Promise<void>): Promise<LockState | undefined> {
    const id = idOf(unit);
    const lock = this.#lock(unit).take();
    if (!('release' in lock)) return lock;
    this.store.guard(lock);
    this.#held.set(id, lock);
    try {
      this.store.removeUnfinished(unit);
      await work();
    } finally {
      this.#held.delete(id);
      this.store.unguard(lock);
      lock.release();
    }
    return undefined;
  }

  /**
   * Carries out work on a unit, after waiting until no other process holds it.
   * @throws MedbenchError('interrupted') if the user stops the run meanwhile.
   */
  async whenFree<T>(unit: LockedUnit, work: () => Promise<T>): Promise<T> {
    let result: { readonly value: T } | undefined;
    const began = performance.now();
    for (let told = false; ; ) {
      const held = await this.ifFree(unit, async () => {
        result = { value: await work() };
      });
      if (!held) return result!.value;
      if (!told && performance.now() - began > UNTOLD) {
        this.observer.message(`waiting for ${idOf(unit)}, which ${describeHolder(held.holder)} works on`);
        told = true;
      }
      await delay(LOOK, undefined, { signal: this.signal }).catch(() => {});
      if (this.signal.aborted) throw interrupted();
    }
  }

  /** Says how far the work on a unit is, if this process holds it. */
  note(unit: LockedUnit, note: LockNote): void {
    this.#held.get(idOf(unit))?.note(note);
  }

  /** Returns the failure of a unit since the last run began; undefined if it has not failed. */
  failure(unit: LockedUnit): UnitFailure | undefined {
    return this.store.readJson<UnitFailure>(this.store.layout.failure(unit));
  }

  /** Records the outcome of a unit, for the process that writes the table. Call it while the unit is held. */
  record(unit: LockedUnit, outcome: UnitOutcome, skips: UnitSkips = {}): void {
    const failed = outcome.error !== undefined || Object.keys(outcome.failures).length > 0;
    const failure: UnitFailure = { ...outcome, host: hostname(), time: new Date().toISOString() };
    const file = this.store.layout.failure(unit);
    if (failed) this.store.writeJson(file, failure);
    else this.store.remove(file);
    if (Object.keys(skips).length > 0) this.store.writeJson(this.#file(unit, 'skipped.json'), skips);
  }

  /** Returns the examples that were skipped while a unit was carried out. */
  skips(unit: LockedUnit): UnitSkips {
    return this.store.readJson<UnitSkips>(this.#file(unit, 'skipped.json')) ?? {};
  }

  /** Forgets the failure of a unit, so that it is tried again. */
  forget(unit: LockedUnit): void {
    for (const name of ['failed.json', 'skipped.json']) rmSync(this.#file(unit, name), { force: true });
  }

  #file(unit: LockedUnit, name: string): string {
    return join(this.store.layout.unit(unit), name);
  }

  #lock(unit: LockedUnit): Lock {
    const id = idOf(unit);
    const known = this.#locks.get(id);
    const lock = known ?? new Lock(this.store.layout.lockOfUnit(unit), { doing: id });
    this.#locks.set(id, lock);
    return lock;
  }
}
