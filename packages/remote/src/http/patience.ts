import { setTimeout } from 'node:timers/promises';
import { isMedbenchError, type MedbenchError } from '@medbench/core';
import { connectionFault, type Fault } from './faults.js';

/** How often and when a request is repeated. */
export interface PatienceOptions {
  /** Tries without any progress. Default 6. */
  readonly tries?: number;
  /** Default: waits that long. */
  readonly wait?: (ms: number) => Promise<unknown>;
  /** A number from 0 to 1 that spreads the waits of several processes. Default random. */
  readonly spread?: () => number;
}

/** Milliseconds before the second try; each further wait is twice as long. */
const FIRST_WAIT = 500;
/** A server is not waited for longer than this, whatever it asks. */
const LONGEST_WAIT = 60_000;

/**
 * Milliseconds to wait before the next try.
 * @param failures Tries that have failed, from 1.
 * @param asked Milliseconds that the server asks to wait.
 * @param first Milliseconds before the second try.
 */
export const pauseBefore = (failures: number, asked = 0, first = FIRST_WAIT): number =>
  Math.min(LONGEST_WAIT, Math.max(first * 2 ** (failures - 1), asked));

/** Counts the tries of one request, and waits between them. */
export class Patience {
  #failures = 0;

  constructor(
    private readonly options: PatienceOptions,
    /** Makes the error when the tries are used up, or no try can help. */
    private readonly giveUp: (fault: Fault, tries: number) => MedbenchError,
  ) {}

  /** Notes that something new has arrived. */
  progress(): void {
    this.#failures = 0;
  }

  /** Waits before the next try. @throws what `giveUp` makes, and an error for the user as it is. */
  async after(error: unknown): Promise<void> {
    if (isMedbenchError(error)) throw error;
    const fault = connectionFault(error);
    const { tries = 6, wait = setTimeout, spread = Math.random } = this.options;
    this.#failures++;
    if (!fault.passes || this.#failures >= tries) throw this.giveUp(fault, this.#failures);
    await wait(pauseBefore(this.#failures, fault.waitMs, FIRST_WAIT * (0.75 + 0.5 * spread())));
  }
}

/** Repeats `work` until it succeeds. @throws what `patience` gives up with. */
export async function repeat<T>(patience: Patience, work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      await patience.after(error);
    }
  }
}
