import { rememberOrigin, type Task, type TaskResult } from '@medbench/core';
import { expect, it } from 'vitest';
import { checkMetrics } from './check-metrics.js';

class Chest {}
const task = new Chest() as Task;
rememberOrigin(task, 'lab-tasks');
const result = (metrics: TaskResult['metrics']): TaskResult[] => [
  { protocol: 'zero-shot', metric: 'auc', n: 3, metrics, perExample: [] } as unknown as TaskResult,
];

it('checkMetrics accepts finite metrics', () => {
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
])('checkMetrics reports that %s, with class, package and protocol', (fault, metrics) => {
  expect(() => checkMetrics(task, result(metrics))).toThrow(`Class Chest of lab-tasks, protocol zero-shot: ${fault}`);
});
