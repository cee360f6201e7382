import type { RunCell } from '@medbench/core';
import { assembleComparison, type ComparedRuns } from '../src/comparison/model.js';
import { sampleResults } from './sample.js';

/**
 * Compares the sample with itself under other seeds. Has cells with and without a significant difference, a control, a
 * different test set, and a failed cell.
 */
export function sampleComparison(): ComparedRuns {
  const [first, second] = [sampleResults([0, 1, 2]), sampleResults([3, 4])];
  const cells = first.cells.flatMap((cell, i): RunCell[] => {
    const { method: row, control, task, protocol, metric, seed, status } = cell;
    if (seed !== 0 || status === 'failed') return [];
    const info = {
      row,
      control,
      task,
      protocol,
      metric,
      values: [0.8, 0.75] as const,
      seeds: [
        [0, 1, 2],
        [3, 4],
      ] as const,
    };
    if (control) return [{ ...info, n: 624, difference: 0.05, test: null, reason: 'a control: no method trained it' }];
    if (task === 'vqa-rad')
      return [{ ...info, n: 0, difference: null, test: null, reason: 'different test sets: 451 and 450 examples' }];
    const difference = i % 3 === 0 ? 0.05 : -0.002 * i;
    const adjusted = i % 3 === 0 ? 0.012 : 0.8;
    const ci95 = [difference - 0.03, difference + 0.03] as const;
    return [{ ...info, n: 624, difference, test: { ci95, pValue: adjusted / 20, adjusted, seeds: 'separate' } }];
  });
  return assembleComparison(
    { name: 'first', results: first },
    { name: 'second', results: { ...second, methods: second.methods.slice(1), cells: second.cells } },
    { level: 0.05, cells, tested: cells.filter(({ test }) => test).length },
  );
}
