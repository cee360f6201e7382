import { errorMessage, MedbenchError } from '@medbench/core';

/** The error for an array file whose bytes contradict each other. */
export function damaged(name: string, reason: string): MedbenchError {
  return new MedbenchError('data', `${name} is damaged: ${reason}`, { hint: 'Download or write the file again.' });
}

/**
 * The error for a file that ends too early, or whose bytes make no sense. `fault` continues the sentence that the path
 * begins.
 */
export function cutShort(path: string, fault: string, cause?: unknown): MedbenchError {
  return new MedbenchError('data', `${path} ${fault}`, {
    ...(cause === undefined ? {} : { cause }),
    hint: 'The download was probably cut short; fetch the file again.',
  });
}

/** The error for a gzipped file that cannot be unpacked. */
export const cannotUnpack = (path: string, cause: unknown): MedbenchError =>
  cutShort(path, `cannot be unpacked: ${errorMessage(cause)}`, cause);
