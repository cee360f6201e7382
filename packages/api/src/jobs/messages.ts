import type { ProfileReport } from '@medbench/core';
import type { ErrorRecord, RunObserver, Unit, UnitOutcome } from '@medbench/runner';

/** The events of a run that a worker process passes on. */
export type ForwardedEvent = Exclude<keyof RunObserver, 'started'>;

/** A message of a worker process. */
export type WorkerMessage =
  | { readonly type: 'event'; readonly name: ForwardedEvent; readonly args: readonly unknown[] }
  | { readonly type: 'taken'; readonly unit: Unit }
  | { readonly type: 'finished'; readonly unit: Unit; readonly outcome: UnitOutcome }
  /** A unit that was done, or had failed, before. */
  | { readonly type: 'settled'; readonly unit: Unit }
  /** An error that ends the run. */
  | { readonly type: 'failed'; readonly error: ErrorRecord }
  | { readonly type: 'profile'; readonly report: ProfileReport };
