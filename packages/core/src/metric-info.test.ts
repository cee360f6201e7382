import { expect, it } from 'vitest';
import { metricInfo } from './metric-info.js';

const METRICS = {
  'recall@{k}': { description: 'among the {k} nearest' },
  rare_recall: { description: 'of rare classes' },
  'recall_{class}': { description: 'of class “{class}”' },
  accuracy: { description: 'right' },
  'accuracy_{k}shot': { description: 'on {k} examples' },
  ece: { description: 'gap', lowerIsBetter: true },
};

it.each([
  ['accuracy', 'right'],
  ['Accuracy', 'right'],
  ['accuracy-16shot', 'on 16 examples'],
  ['Rare recall', 'of rare classes'],
  ['recall_Hair-Loss', 'of class “hair loss”'],
  ['Recall@200', 'among the 200 nearest'],
  ['accuracy_open', undefined],
  ['ece2', undefined],
])('finds the description of %s', (name, description) =>
  expect(metricInfo(METRICS, name)?.description).toBe(description),
);

it('tells whether lower is better', () => {
  expect(metricInfo(METRICS, 'ECE')).toEqual({ description: 'gap', lowerIsBetter: true });
});
