import { type ErrorCode, errorMessage, isMedbenchError, MedbenchError } from '@medbench/core';

/** An error in a form that another process can read. */
export interface ErrorRecord {
  /** Absent for an error that is not a `MedbenchError`. */
  readonly code?: ErrorCode;
  readonly message: string;
  readonly hint?: string;
}

export const recordError = (error: unknown): ErrorRecord => ({
  message: errorMessage(error),
  ...(isMedbenchError(error) ? { code: error.code, ...(error.hint === undefined ? {} : { hint: error.hint }) } : {}),
});

export const restoreError = ({ code, message, hint }: ErrorRecord): Error =>
  code === undefined ? new Error(message) : new MedbenchError(code, message, hint === undefined ? {} : { hint });

/** The outcome of a unit. Its weights and figures are in the run folder. */
export interface UnitOutcome {
  /** Why the whole unit failed, if it did. */
  readonly error?: ErrorRecord;
  /** Why tasks could not be measured, by task id. */
  readonly failures: Readonly<Record<string, ErrorRecord>>;
}

/** The processes that carry out units of a run beside the process that writes its table. */
export interface Workers {
  /**
   * Waits until no other process works on a unit.
   * @returns undefined if nobody carried it out, so that the caller must.
   * @throws MedbenchError that ends the run, such as a run folder that cannot be written.
   */
  finished(row: string, seed: number): Promise<UnitOutcome | undefined>;
}

/** No other processes: the run carries out all units itself. */
export const NO_WORKERS: Workers = { finished: async () => undefined };
