import { type ErrorCode, errorMessage, isMedbenchError, MedbenchError } from '@medbench/core';

/** An error as plain values that can be sent between threads. */
export interface Failure {
  readonly code: string | undefined;
  readonly message: string;
  readonly hint: string | undefined;
}

/** Describes an error of one thread for another. */
export function describeFailure(error: unknown): Failure {
  const medbench = isMedbenchError(error) ? error : undefined;
  return { code: medbench?.code, message: errorMessage(error), hint: medbench?.hint };
}

/** Rebuilds the error as it was thrown on the other thread. */
export function restoreError({ code, message, hint }: Failure): Error {
  if (code === undefined) return new Error(message);
  return new MedbenchError(code as ErrorCode, message, hint === undefined ? {} : { hint });
}
