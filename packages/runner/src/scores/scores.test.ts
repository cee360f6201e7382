import type { TaskResult } from '@medbench/core';
import { describe, expect, it } from 'vitest';
import { rarePart, ScoreTable, underMetric } from './scores.js';

const metric = (value: number) => ({ value, ci95: [0, 1] as const });
/** Ten common, four of rare b (one right), two of rare c (both right). */
const result: TaskResult = {
  protocol: 'zero-shot',
  metric: 'accuracy',
  metrics: { accuracy: metric(0.5), rare_recall: metric((1 / 4 + 2 / 2) / 2) },
  n: 16,
  labels: [...new Array(10).fill(0), 1, 1, 1, 1, 2, 2],
  perExample: [...new Array(5).fill(1), ...new Array(5).fill(0), 1, 0, 0, 0, 1, 1],
  groups: Array.from({ length: 16 }, (_, i) => i >> 1),
  classification: { classes: ['a', 'b', 'c'], confusion: [], rare: ['b', 'c'] },
};

describe('underMetric', () => {
  it('scores examples so that their mean is the balanced accuracy, where that is the metric', () => {
    const { perExample } = underMetric({ ...result, metric: 'balanced_accuracy' });
    const mean = perExample.reduce((sum, score) => sum + score, 0) / 16;
    expect(mean).toBeCloseTo((5 / 10 + 1 / 4 + 2 / 2) / 3, 12);
    expect(underMetric(result)).toBe(result);
  });
});

describe('rarePart', () => {
  it('scores the rare examples so that their mean is the mean recall of their classes', () => {
    const part = rarePart(result)!;
    expect(part.n).toBe(6);
    expect(part.perExample.reduce((sum, score) => sum + score, 0) / 6).toBeCloseTo((1 / 4 + 2 / 2) / 2, 12);
    expect(part.groups).toEqual([5, 5, 6, 6, 7, 7]);
  });

  it('keeps right and wrong where one class is rare', () => {
    const one = { ...result, classification: { ...result.classification!, rare: ['b'] } };
    expect(rarePart(one)!.perExample).toEqual([1, 0, 0, 0]);
  });

  it('is nothing where no class is rare, or labels are not known', () => {
    expect(rarePart({ ...result, classification: { ...result.classification!, rare: [] } })).toBeUndefined();
    const { labels: _, ...unknown } = result;
    expect(rarePart(unknown)).toBeUndefined();
  });
});

describe('ScoreTable', () => {
  it('has a part of its own for the rare, beside the whole', () => {
    const table = new ScoreTable();
    table.add({ row: 'clip', control: false, task: 't', seed: 0 }, result);
    expect(
      table.columns().map(({ metric: name, part, rows }) => [name, part, rows[0]!.seeds[0]!.perExample.length]),
    ).toEqual([
      ['accuracy', false, 16],
      ['rare_recall', true, 6],
    ]);
  });
});
