import type { ProfilePhase, ProfileReport } from '@medbench/core';
import { inColumns } from './columns.js';

/**
 * Columns of the table of rows, with the phases that each adds up. A phase in no column is a protocol and counts as
 * measuring.
 */
const COLUMNS: Readonly<Record<string, readonly ProfilePhase[]>> = {
  data: ['opening data', 'waiting for batches', 'reading images', 'leak search', 'phantoms'],
  compiling: ['compiling', 'first step, self-check'],
  step: ['step'],
  saving: ['checkpoints', 'validation'],
  embedding: ['embedding'],
  measuring: ['statistics'],
  rest: ['start-up', 'galleries', 'report', 'other'],
};

const findColumn = (phase: ProfilePhase): string =>
  Object.keys(COLUMNS).find((name) => COLUMNS[name]!.includes(phase)) ?? 'measuring';

const fixed = (value: number): string => value.toFixed(1);

/** Formats a table whose first column is a name and whose other columns are numbers. */
const table = (header: readonly string[], rows: readonly (readonly string[])[]): string =>
  inColumns([header, ...rows], Array.from(header.keys()).slice(1));

/**
 * Formats a profile as text: the phases with their share of the wall time, then the rows. Times are in seconds; CPU
 * time is that of all threads of the process.
 */
export function renderProfile({ seconds, phases, rows, beside }: ProfileReport): string {
  const shares = phases.map(({ phase, seconds: phaseSeconds, cpuSeconds, share, count }) => [
    phase,
    fixed(phaseSeconds),
    `${fixed(100 * share)} %`,
    fixed(cpuSeconds),
    count > 0 ? String(count) : '',
  ]);
  const byRow = rows.map(({ row, seconds: rowSeconds, phases: rowPhases }) => [
    row,
    fixed(rowSeconds),
    ...Object.keys(COLUMNS).map((column) =>
      fixed(
        Object.entries(rowPhases).reduce(
          (sum, [phase, spent = 0]) => sum + (findColumn(phase) === column ? spent : 0),
          0,
        ),
      ),
    ),
  ]);
  return [
    `Where ${fixed(seconds)} s went`,
    '',
    table(['phase', 'seconds', 'share', 'CPU', 'times'], shares),
    '',
    table(['row', 'seconds', ...Object.keys(COLUMNS)], byRow),
    '',
    ...Object.entries(beside).map(
      ([activity, activitySeconds]) => `On other threads, not included above: ${activity} ${fixed(activitySeconds)} s`,
    ),
  ].join('\n');
}
