import { errorMessage, isMedbenchError, MedbenchError, printable } from '@medbench/core';
import pc from 'picocolors';

/** Exit codes of the command. */
export const EXIT = { ok: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/** Errors of the system that a user can solve, by code or system call: what happened and the way out. */
const SYSTEM_ERRORS: Readonly<Record<string, readonly [string, string]>> = {
  uv_cwd: ['The current folder no longer exists', 'Change to a folder that exists.'],
  EMFILE: ['Too many files are open at once', 'Allow more, for example with ulimit -n 1024.'],
  ENFILE: ['The system has too many open files', 'End other programs, or allow more.'],
};

/** Turns an error of the system into one that says the way out; returns any other error as it is. */
export function explain(error: unknown): unknown {
  const { code, syscall } = Object(error) as NodeJS.ErrnoException;
  const known = isMedbenchError(error) ? undefined : (SYSTEM_ERRORS[syscall ?? ''] ?? SYSTEM_ERRORS[code ?? '']);
  return known ? new MedbenchError('store', known[0], { hint: known[1], cause: error }) : error;
}

/** Prints an error and its hint on stderr, and the stack if `debug` is set. */
export function printError(error: unknown, debug: boolean): void {
  // An error of another copy of @medbench/core, or of no medbench code, may hold anything.
  console.error(`${pc.red('error')}  ${printable(errorMessage(error))}`);
  if (isMedbenchError(error) && error.hint) console.error(`       ${printable(error.hint)}`);
  if (debug && error instanceof Error) console.error(error.stack);
  else if (!isMedbenchError(error))
    console.error('       This is unexpected: run it again with --debug and report it.');
}

/** Returns the exit code of an error. */
export function exitCode(error: unknown): number {
  if (!isMedbenchError(error)) return EXIT.failed;
  if (error.code === 'interrupted') return EXIT.interrupted;
  return ['usage', 'config', 'unknown-id', 'plugin'].includes(error.code) ? EXIT.usage : EXIT.failed;
}
