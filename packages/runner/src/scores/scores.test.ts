import type { TaskResult } from '@medbench/core';
import { describe, expect, it } from 'vitest';
import { ScoreTable } from './scores.js';

const metric = (value: number) => ({ value, ci95: [0, 1] as const });
/** A result of four examples with two parts: the last two examples, and the first. */
const result: TaskResult = {
  protocol: 'zero-shot',
  metric: 'right',
  metrics: { right: metric(0.5), seldom: metric(1), other: metric(0) },
  n: 4,
  perExample: [1, 0, 0, 1],
  groups: [7, 7, 8, 9],
  parts: [
    { metric: 'seldom', examples: [2, 3], scores: [0.5, 1.5] },
    { metric: 'other', examples: [0], scores: [0] },
  ],
};
const collectColumns = (...results: TaskResult[]) => {
  const table = new ScoreTable();
  results.forEach((seedResult, seed) => {
    table.add({ row: 'clip', control: false, task: 't', seed }, seedResult);
  });
  return table.columns().map(({ metric: name, part, groups, rows }) => ({
    name,
    part,
    groups,
    seeds: rows[0]!.seeds.map(({ value, perExample }) => [value, perExample]),
  }));
};

describe('ScoreTable', () => {
  it('has a column for the result and one for each part, with the scores and groups of its examples', () => {
    expect(collectColumns(result, result)).toEqual([
      {
        name: 'right',
        part: false,
        groups: [7, 7, 8, 9],
        seeds: [
          [0.5, [1, 0, 0, 1]],
          [0.5, [1, 0, 0, 1]],
        ],
      },
      {
        name: 'seldom',
        part: true,
        groups: [8, 9],
        seeds: [
          [1, [0.5, 1.5]],
          [1, [0.5, 1.5]],
        ],
      },
      {
        name: 'other',
        part: true,
        groups: [7],
        seeds: [
          [0, [0]],
          [0, [0]],
        ],
      },
    ]);
  });

  it('prefers scores that are weighted for the primary metric over right and wrong', () => {
    const { parts: _, ...withoutParts } = result;
    expect(collectColumns({ ...withoutParts, scores: [2, 0, 0, 0] })[0]!.seeds).toEqual([[0.5, [2, 0, 0, 0]]]);
  });
});
