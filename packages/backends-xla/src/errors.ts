import { errorMessage, isMedbenchError, MedbenchError, type Program } from '@medbench/core';
import { PjrtError } from './pjrt/index.js';

/** The first line of a message, in which plugins say what happened. Source locations follow. */
export const firstLine = (error: unknown): string => errorMessage(error).split('\n')[0]!.trim();

/** The way out of an error of a plugin. */
function remedy(error: unknown): string {
  if (error instanceof PjrtError && error.code === 'RESOURCE_EXHAUSTED')
    return (
      'The memory of the device is full: set training.chunkSize, a smaller training.batchSize, or more training.devices, ' +
      'or end other programs there.'
    );
  return 'Run with the backend compiled, and please report the program as an issue.';
}

/**
 * Turns an error of a plugin into one that names the program, with the plugin's words.
 * @param doing what was tried, such as `compile`.
 */
export function programError(program: Program, doing: string, error: unknown): MedbenchError {
  if (isMedbenchError(error)) return error as MedbenchError;
  const code = error instanceof PjrtError ? `${error.code}: ` : '';
  return new MedbenchError('backend', `XLA cannot ${doing} ${program.name}: ${code}${firstLine(error)}`, {
    hint: remedy(error),
    cause: error,
  });
}
