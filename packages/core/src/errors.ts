/** Every kind of failure that a user can meet. `usage` and `config` end the command with exit code 2, the others with 1. */
export type ErrorCode =
  | 'usage'
  | 'config'
  | 'unknown-id'
  | 'plugin'
  | 'data'
  | 'weights'
  | 'backend'
  | 'training'
  | 'evaluation'
  | 'store'
  | 'interrupted';

/**
 * The one error type that reaches a user: what happened, with the file's or flag's own name, and the way out.
 * The command prints `message` and `hint` and no stack trace.
 */
export class MedbenchError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'MedbenchError';
    this.code = code;
    this.hint = options.hint;
  }
}

/** Recognises the error also when another copy of this package made it. */
export function isMedbenchError(error: unknown): error is MedbenchError {
  return error instanceof Error && error.name === 'MedbenchError' && 'code' in error;
}

/** The text of anything thrown. */
export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
