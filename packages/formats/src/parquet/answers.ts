import { isMainThread } from 'node:worker_threads';
import { isMedbenchError } from '@medbench/core';
import { type GroupRequest, parquetFooter, parquetGroup } from './decode.js';

/** An outcome that reaches another thread: errors do not keep their class and fields on the way. */
export type Answer<T> =
  | { readonly value: T }
  | { readonly refused: { readonly message: string; readonly hint: string | undefined } };

// The library of Parquet forgets about columns that fail beside another one: on a thread of its own that ends nothing.
if (!isMainThread) process.on('unhandledRejection', () => undefined);

async function answer<T>(work: Promise<T>): Promise<Answer<T>> {
  try {
    return { value: await work };
  } catch (error) {
    if (!isMedbenchError(error)) throw error;
    return { refused: { message: error.message, hint: error.hint } };
  }
}

export const footerAnswer = (path: string) => answer(parquetFooter(path));
export const groupAnswer = (request: GroupRequest) => answer(parquetGroup(request));
