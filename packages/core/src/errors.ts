import { printable, withoutCredentials } from './clean-text.js';

/**
 * Kind of failure. `network` is data that cannot be fetched, which `--skip-bad` never leaves out. The command exits with code 2 for `usage`, `config`, `unknown-id` and `plugin`, with 130 for
 * `interrupted`, and with 1 for all others.
 */
export type ErrorCode =
  | 'usage'
  | 'config'
  | 'unknown-id'
  | 'plugin'
  | 'data'
  | 'network'
  | 'weights'
  | 'backend'
  | 'training'
  | 'evaluation'
  | 'store'
  | 'interrupted';

/**
 * The error type for every failure that a user can meet. The message says in one line what happened and names the file
 * or flag; the hint says how to solve it. The command prints both and no stack trace. Both may quote file names and
 * answers of servers: line breaks and control characters in them do not reach the terminal, and
 * credentials in addresses are left out.
 *
 * @example
 * ```ts
 * import { existsSync } from 'node:fs';
 * import { MedbenchError } from '@medbench/core';
 *
 * export function requireTable(file: string): void {
 *   if (existsSync(file)) return;
 *   throw new MedbenchError('data', `${file} is missing`, { hint: 'Download it to the data folder.' });
 * }
 * ```
 */
export class MedbenchError extends Error {
  readonly code: ErrorCode;
  /** How to solve the problem, in one or two sentences. */
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(cleanText(message), options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'MedbenchError';
    this.code = code;
    this.hint = options.hint === undefined ? undefined : cleanText(options.hint);
  }
}

/** Whether an error is a `MedbenchError`, even one thrown by another copy of this package. */
export function isMedbenchError(error: unknown): error is MedbenchError {
  return error instanceof Error && error.name === 'MedbenchError' && 'code' in error;
}

const cleanText = (text: string): string => printable(withoutCredentials(text));

/** The message of any thrown value, without credentials in addresses. */
export function errorMessage(error: unknown): string {
  return withoutCredentials(error instanceof Error ? error.message : String(error));
}
