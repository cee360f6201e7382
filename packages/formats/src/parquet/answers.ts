import { isMainThread } from 'node:worker_threads';
import { isMedbenchError } from '@medbench/core';
import { type FooterRequest, type GroupRequest, parquetFooter, parquetGroup } from './decode.js';

/** The outcome of work for another thread: errors would lose their class and fields on the way. */
export type WorkerAnswer<T> =
  | { readonly value: T }
  | { readonly refused: { readonly message: string; readonly hint: string | undefined } };

// When several columns fail, the Parquet library handles the rejection of one only. The others must not end this
// thread.
if (!isMainThread) process.on('unhandledRejection', () => undefined);

async function answer<T>(work: Promise<T>): Promise<WorkerAnswer<T>> {
  try {
    return { value: await work };
  } catch (error) {
    if (!isMedbenchError(error)) throw error;
    return { refused: { message: error.message, hint: error.hint } };
  }
}

export const footerAnswer = (request: FooterRequest) => answer(parquetFooter(request));
export const groupAnswer = (request: GroupRequest) => answer(parquetGroup(request));
