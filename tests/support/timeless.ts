import type { RunResults } from '@medbench/core';

/** Everything in the results but the command, times, and what hangs on them: what two runs of one thing have in common. */
export const timeless = (results: RunResults): RunResults => ({
  ...results,
  run: { ...results.run, command: '' },
  training: results.training.map(({ peakMemory: _, energy: __, ...record }) => ({ ...record, seconds: 0 })),
  cells: results.cells.map((cell) => ({ ...cell, seconds: 0 })),
});
