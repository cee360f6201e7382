import { isMedbenchError, MedbenchError, messageOf, type ResultCell } from '@medbench/core';
import type { PlannedCell } from '../plan/plan.js';

/** Errors after which going on makes no sense: the folder cannot be written, the user asked to stop, or the call is wrong. */
export const endsRun = (error: unknown): boolean =>
  isMedbenchError(error) && ['store', 'interrupted', 'usage'].includes(error.code);

export const interrupted = (): MedbenchError =>
  new MedbenchError('interrupted', 'Interrupted; what was finished is kept', {
    hint: 'The same command goes on from there.',
  });

/** One failed cell per protocol, so that every hole in the table has its reason. */
export const failedCells = ({ row, task, seed, protocols }: PlannedCell, error: unknown): ResultCell[] => {
  const hint = isMedbenchError(error) && error.hint ? `. ${error.hint}` : '';
  return protocols.map((protocol) => ({
    method: row.id,
    control: row.kind === 'control',
    task: task.id,
    protocol,
    seed,
    metric: task.info.metric[protocol] ?? '',
    value: null,
    ci95: null,
    n: 0,
    metrics: {},
    seconds: 0,
    status: 'failed',
    error: messageOf(error) + hint,
    synthetic: false,
  }));
};
