import type { RunResults } from '@medbench/core';
import { describe, expect, it } from 'vitest';
import { sampleResults } from '../../test/sample.js';
import { resultTable } from '../model.js';
import { listGuesses, shadeColumn } from './shade.js';

/** One column with these figures of the sample's rows; null for a failed cell. */
function shadesOf(values: Readonly<Record<string, number | null>>, metric = 'accuracy') {
  const sample = sampleResults();
  const cells = sample.cells
    .filter(({ task, protocol, method }) => task === 'phantom-skin' && protocol === 'zero-shot' && method in values)
    .map((cell): RunResults['cells'][number] => {
      const value = values[cell.method]!;
      return value === null
        ? { ...cell, metric, value, ci95: null, metrics: {}, status: 'failed' }
        : { ...cell, metric, value, metrics: { [metric]: { value, ci95: [value, value] } } };
    });
  const table = resultTable({ ...sample, cells });
  const shade = shadeColumn(table, 0);
  return Object.fromEntries(
    table.rows.flatMap(({ id, figures }) => (figures[0]!.value === null ? [] : [[id, shade(figures[0]!.value)]])),
  );
}

describe('the colours of a column', () => {
  it('run from its worst to its best method in seven equal steps', () => {
    // 0.75 is 5 / 7 = 0.714 to 6 / 7 = 0.857 of the way from 0.5 to 0.8.
    expect(shadesOf({ clip: 0.5, 'clip-scratch': 0.8, 'clip-partial': 0.75 })).toEqual({
      clip: 'h0',
      'clip-scratch': 'h6',
      'clip-partial': 'h5',
    });
  });

  it('do not magnify differences that are too small to matter', () => {
    // The scale runs from 0.75 to 0.80: 0.79 is at 0.8 of it, in the sixth of seven steps.
    expect(shadesOf({ clip: 0.79, 'clip-scratch': 0.8, 'clip-partial': 0.8 })).toEqual({
      clip: 'h5',
      'clip-scratch': 'h6',
      'clip-partial': 'h6',
    });
  });

  it('are reversed if lower is better, and relative for metrics beyond 1', () => {
    // 20 is best: the scale runs from 21 to 20, since 21 is exactly 5 % away.
    expect(shadesOf({ clip: 20, 'clip-scratch': 20.5, 'clip-partial': 20.9 }, 'median_rank')).toEqual({
      clip: 'h6',
      'clip-scratch': 'h3',
      'clip-partial': 'h0',
    });
  });

  it('set figures apart that are no better than guessing, and do not stretch for controls', () => {
    expect(shadesOf({ clip: 0.4, 'clip-scratch': 0.6, majority: 0.4, untrained: 0.9 })).toEqual({
      clip: 'low',
      'clip-scratch': 'h6',
      majority: 'low',
      untrained: 'h6',
    });
    // A control that is not a guess sets nothing apart.
    expect(shadesOf({ clip: 0.4, 'clip-scratch': 0.6, untrained: 0.5 })).toEqual({
      clip: 'h0',
      'clip-scratch': 'h6',
      untrained: 'h3',
    });
  });

  it('are absent where every method failed', () => {
    expect(shadesOf({ clip: null, 'clip-scratch': null, untrained: 0.5 })).toEqual({ untrained: '' });
  });

  it('name the controls that guess', () => {
    const sample = sampleResults();
    expect(listGuesses(resultTable(sample))).toEqual(['Most frequent class']);
    // An unfinished run has no figures of controls.
    const cells = sample.cells.filter(({ control }) => !control);
    expect(listGuesses(resultTable({ ...sample, cells }))).toEqual([]);
  });
});
