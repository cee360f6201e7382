import { errorMessage, isMedbenchError } from '@medbench/core';
import pc from 'picocolors';

/** Exit codes of the CLI contract. */
export const EXIT = { ok: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/** Prints what happened and the way out on stderr; the stack only when asked for. */
export function printError(error: unknown, debug: boolean): void {
  console.error(`${pc.red('error')}  ${errorMessage(error)}`);
  if (isMedbenchError(error) && error.hint) console.error(`       ${error.hint}`);
  if (debug && error instanceof Error) console.error(error.stack);
  else if (!isMedbenchError(error))
    console.error('       This is unexpected: run it again with --debug and report it.');
}

export function exitCode(error: unknown): number {
  if (!isMedbenchError(error)) return EXIT.failed;
  if (error.code === 'interrupted') return EXIT.interrupted;
  return ['usage', 'config', 'unknown-id', 'plugin'].includes(error.code) ? EXIT.usage : EXIT.failed;
}
