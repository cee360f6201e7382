import { errorMessage, MedbenchError } from '@medbench/core';

/** The error for an array file whose bytes contradict themselves. */
export function damaged(name: string, what: string): MedbenchError {
  return new MedbenchError('data', `${name} is damaged: ${what}`, { hint: 'Download or write the file again.' });
}

/** The error for a file that ends too early, or whose bytes make no sense. `fault` says of it what is wrong. */
export function cutShort(path: string, fault: string, cause?: unknown): MedbenchError {
  return new MedbenchError('data', `${path} ${fault}`, {
    ...(cause === undefined ? {} : { cause }),
    hint: 'The download was probably cut short; fetch the file again.',
  });
}

/** The error for a gzipped file that does not unpack. */
export const cannotUnpack = (path: string, cause: unknown): MedbenchError =>
  cutShort(path, `cannot be unpacked: ${errorMessage(cause)}`, cause);
