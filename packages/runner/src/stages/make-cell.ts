import type { ResultCell, TaskResult } from '@medbench/core';
import type { TaskLeaks } from './leaks.js';

/** A measurement: a row on a task under a seed. */
export interface MeasuredCell {
  readonly row: { readonly id: string; readonly kind: string };
  readonly task: { readonly id: string };
  readonly seed: number;
}

/** Returns the cell of the table for the result of one protocol. */
export const makeCell = (
  { row, task, seed }: MeasuredCell,
  seconds: number,
  result: TaskResult,
  synthetic: boolean,
  leaks: TaskLeaks | undefined,
): ResultCell => {
  const primary = result.metrics[result.metric];
  return {
    method: row.id,
    control: row.kind === 'control',
    task: task.id,
    protocol: result.protocol,
    seed,
    metric: result.metric,
    value: primary?.value ?? null,
    ci95: primary?.ci95 ?? null,
    n: result.n,
    metrics: result.metrics,
    seconds,
    status: 'ok',
    synthetic,
    ...(result.classification ? { classification: result.classification } : {}),
    ...(result.retrieval ? { retrieval: result.retrieval } : {}),
    // An empty list says that leaks were searched for and none were found.
    ...(result.notes || leaks ? { notes: result.notes ?? [] } : {}),
    ...(leaks ? { leaks: leaks.counts } : {}),
  };
};
