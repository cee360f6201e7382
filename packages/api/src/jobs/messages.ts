import type { ProfileReport } from '@medbench/core';
import type { Config, ErrorRecord, RunObserver, Unit, UnitOutcome } from '@medbench/runner';

/** Everything that a worker process needs to join a run. */
export interface WorkerJob {
  readonly cwd: string;
  /** Plugins that the configuration file names. */
  readonly plugins: readonly string[];
  readonly config: Config;
  /** The run folder, absolute; the process that sends the job has locked it. */
  readonly folder: string;
  readonly dataRoot: string;
  /** Id of the backend. */
  readonly backend: string;
  /** Whether to record where the time goes. */
  readonly profile: boolean;
}

/** The events of a run that a worker process passes on. */
export type ForwardedEvent = Exclude<keyof RunObserver, 'started'>;

/** A message of a worker process. */
export type WorkerMessage =
  | { readonly type: 'event'; readonly name: ForwardedEvent; readonly args: readonly unknown[] }
  | { readonly type: 'taken'; readonly unit: Unit }
  | { readonly type: 'finished'; readonly unit: Unit; readonly outcome: UnitOutcome }
  /** An example that was skipped. */
  | { readonly type: 'skipped'; readonly data: string; readonly what: string }
  /** An error that ends the run. */
  | { readonly type: 'failed'; readonly error: ErrorRecord }
  | { readonly type: 'profile'; readonly report: ProfileReport };
