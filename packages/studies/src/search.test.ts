import type { ColumnComparisons, RowComparison, RunResults } from '@medbench/core';
import { describe, expect, it } from 'vitest';
import { meanFigure, type StudySearch, searchQuestions, searchRow, withAlias } from './index.js';

const search: StudySearch = {
  methods: ['slip'],
  setting: 'lambda',
  values: [0.1, 1],
  baseline: 'clip',
  usual: 1,
  eta: 3,
};
const row = (id: string) => ({ id, title: id, question: 'unimodal', extension: false, control: false });
const cell = (method: string, value: number | null) => ({
  method,
  control: false,
  task: 't',
  protocol: 'zero-shot' as const,
  seed: 0,
  metric: 'accuracy',
  value,
  ci95: null,
  n: 9,
  metrics: {},
  seconds: 0,
  status: value === null ? ('failed' as const) : ('ok' as const),
  synthetic: true,
});
const pair = (first: string, second: string): RowComparison => ({
  first,
  second,
  difference: 0.1,
  ci95: [0, 0.2],
  pValue: 0.04,
  adjusted: 0.04,
  test: 'paired-t',
});
const results = {
  methods: [row('clip'), row('slip:lambda=1')],
  cells: [cell('clip', 0.5), cell('slip:lambda=1', 0.6)],
} as unknown as RunResults;
const comparisons: ColumnComparisons[] = [{ task: 't', protocol: 'zero-shot', pairs: [pair('clip', 'slip:lambda=1')] }];
const run = { variant: { id: 'v', title: 'V' }, results, comparisons };
const chosen = { id: 'slip:lambda=chosen', title: 'chosen' };

describe('withAlias', () => {
  it('renames a row in figures and comparisons', () => {
    const { results: named, comparisons: pairs } = withAlias(run, 'slip:lambda=1', chosen, false);
    expect(named.methods.map(({ id }) => id)).toEqual(['clip', chosen.id]);
    expect(meanFigure(named, chosen.id)).toBe(0.6);
    expect(pairs[0]!.pairs).toEqual([pair('clip', chosen.id)]);
  });

  it('can keep the original row, compared with the alias as equal', () => {
    const { results: both, comparisons: pairs } = withAlias(run, 'slip:lambda=1', chosen, true);
    expect(both.methods.map(({ id }) => id)).toEqual(['clip', 'slip:lambda=1', chosen.id]);
    expect(both.cells.map(({ method }) => method)).toEqual(['clip', 'slip:lambda=1', chosen.id]);
    expect(pairs[0]!.pairs.map(({ second }) => second)).toEqual(['slip:lambda=1', chosen.id, 'slip:lambda=1']);
    expect(pairs[0]!.pairs[2]).toMatchObject({ first: chosen.id, difference: 0, pValue: 1 });
    const best = { id: 'slip:lambda=best', title: 'best' };
    const again = withAlias({ ...run, results: both, comparisons: pairs }, 'slip:lambda=1', best, true);
    expect(again.comparisons[0]!.pairs).toContainEqual(
      expect.objectContaining({ first: chosen.id, second: best.id, difference: 0 }),
    );
  });
});

describe('meanFigure', () => {
  it('is NaN if a figure is missing', () => {
    const broken = { cells: [cell('clip', 0.5), cell('clip', null)] } as unknown as RunResults;
    expect(meanFigure(broken, 'clip')).toBeNaN();
    expect(meanFigure(broken, 'slip')).toBeNaN();
  });
});

describe('searchQuestions', () => {
  const choice = { method: 'slip', rungs: [], steps: 30, gridSteps: 100, best: 1 };
  const choices = [
    { ...choice, variant: { id: 'a', title: 'radiology' }, value: 0.1 },
    { ...choice, variant: { id: 'b', title: 'ultrasound' }, value: 1, steps: 20 },
  ];

  it('state the chosen values and the share of the steps of the grid', () => {
    const [helps, perVariant, ...rest] = searchQuestions(search, choices, false);
    expect(helps).toMatchObject({
      against: 'clip',
      rows: [searchRow(search, 'slip', 'chosen')],
      found:
        'chosen on validation images, with 25 % of the steps of all 2 values: lambda 0.1 for radiology, 1 for ultrasound',
    });
    expect(perVariant).toMatchObject({ against: 'slip:lambda=1', rows: ['slip:lambda=chosen'] });
    expect(rest).toEqual([]);
  });

  it('include the grid if it was trained', () => {
    expect(searchQuestions(search, choices, true)[2]).toMatchObject({ against: 'slip:lambda=best' });
  });
});
