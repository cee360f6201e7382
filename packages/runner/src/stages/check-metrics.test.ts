import type { TaskResult } from '@medbench/core';
import type { CatalogueEntry } from '@medbench/core/catalogue';
import { expect, it } from 'vitest';
import { checkMetrics } from './check-metrics.js';

const task = { id: 'chest', package: { name: 'lab-tasks' } } as CatalogueEntry<'task'>;
const result = (metrics: TaskResult['metrics']): TaskResult[] => [
  { protocol: 'zero-shot', metric: 'auc', n: 3, metrics, perExample: [] } as unknown as TaskResult,
];

it('passes metrics that are numbers', () => {
  checkMetrics(task, result({ auc: { value: 0.5, ci95: [0, 1] } }));
});

it.each<[string, TaskResult['metrics']]>([
  ['the metric "auc" is NaN, not a finite number', { auc: { value: Number.NaN, ci95: [0, 1] } }],
  [
    'the metric "f1" is Infinity, not a finite number',
    { auc: { value: 1, ci95: [0, 1] }, f1: { value: Infinity, ci95: [0, 1] } },
  ],
  [
    'the interval of the metric "auc" is [NaN, 1], not two finite numbers',
    { auc: { value: 1, ci95: [Number.NaN, 1] } },
  ],
  ['the primary metric "auc" is not among those measured', { f1: { value: 1, ci95: [0, 1] } }],
])('says that %s, naming task, package and protocol', (fault, metrics) => {
  expect(() => checkMetrics(task, result(metrics))).toThrow(`Task chest of lab-tasks, protocol zero-shot: ${fault}`);
});
