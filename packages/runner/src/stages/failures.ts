import { errorMessage, isMedbenchError, MedbenchError, type ResultCell } from '@medbench/core';
import { type Catalogue, findEntry } from '@medbench/core/catalogue';
import type { PlannedCell } from '../plan/plan.js';
import { primaryMetric } from '../plan/protocols.js';

/** Whether an error ends the run: the run folder cannot be written, the user asked to stop, or the call is wrong. */
export const endsRun = (error: unknown): boolean =>
  isMedbenchError(error) && ['store', 'interrupted', 'usage'].includes(error.code);

/** The error of a run that the user stopped. */
export const interrupted = (): MedbenchError =>
  new MedbenchError('interrupted', 'Interrupted; finished work is kept', {
    hint: 'Run the same command again to resume.',
  });

/** Returns one failed cell per protocol, so that every gap in the table states its reason. */
export const failedCells = (
  { row, task, seed, protocols }: PlannedCell,
  error: unknown,
  catalogue: Catalogue,
): ResultCell[] => {
  const hint = isMedbenchError(error) && error.hint ? `. ${error.hint}` : '';
  return protocols.map((protocol) => ({
    method: row.id,
    control: row.kind === 'control',
    task: task.id,
    protocol,
    seed,
    metric: primaryMetric(task.info, findEntry(catalogue, 'protocol', protocol).info),
    value: null,
    ci95: null,
    n: 0,
    metrics: {},
    seconds: 0,
    status: 'failed',
    error: errorMessage(error) + hint,
    synthetic: false,
  }));
};
