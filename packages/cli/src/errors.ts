import { errorMessage, isMedbenchError } from '@medbench/core';
import pc from 'picocolors';

/** Exit codes of the command. */
export const EXIT = { ok: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/** Prints an error and its hint on stderr, and the stack if `debug` is set. */
export function printError(error: unknown, debug: boolean): void {
  console.error(`${pc.red('error')}  ${errorMessage(error)}`);
  if (isMedbenchError(error) && error.hint) console.error(`       ${error.hint}`);
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
