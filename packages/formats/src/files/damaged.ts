import { MedbenchError } from '@medbench/core';

/** The error for an array file whose bytes contradict themselves. */
export function damaged(name: string, what: string): MedbenchError {
  return new MedbenchError('data', `${name} is damaged: ${what}`, { hint: 'Download or write the file again.' });
}
