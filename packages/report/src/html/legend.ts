import type { RunResults } from '@medbench/core';
import { arrowOf, metricFacts } from '../metrics.js';
import { TERMS } from './definition.js';
import { html, type Markup } from './escape.js';

/** Recalls of single classes beyond which the legend has one line for all. */
const MOST_RECALLS = 5;

const isClassRecall = (name: string): boolean => name.startsWith('recall_');

const NAMES: Readonly<Record<keyof typeof TERMS, string>> = {
  interval: '[low, high]',
  deviation: '±',
  n: 'n',
  rank: 'Average rank',
  difference: 'Difference',
  differenceInterval: '95 % interval of a difference',
  adjusted: 'Adjusted p',
  test: 'Test',
  seconds: 'Time',
  energy: 'Energy',
  memory: 'Peak memory',
  steps: 'Steps',
  trainable: 'Trainable parameters',
  total: 'All parameters',
  loss: 'Final loss',
};

/** The section with what each number means: all that the page says where a definition is asked for. */
export function legendSection({ cells }: RunResults): Markup | undefined {
  if (cells.length === 0) return undefined;
  const found = cells.flatMap(({ metric, metrics }) => [metric, ...Object.keys(metrics)]);
  const names = [...new Set(found)].filter((name) => name !== '');
  const many = names.filter(isClassRecall).length > MOST_RECALLS;
  const shown = many ? [...names.filter((name) => !isClassRecall(name)), 'recall_<class>'] : names;
  const definitionOf = (name: string): string => metricFacts(name).definition ?? 'As the task defines it.';
  return html`<section><h2>What the numbers mean</h2>
<details><summary>Metrics</summary>
<dl>${shown.map((name) => html`<dt><bdi>${name}</bdi> ${arrowOf(name)}</dt><dd>${definitionOf(name)}</dd>\n`)}</dl></details>
<details><summary>Other numbers</summary>
<dl>${Object.entries(NAMES).map(
    ([key, name]) => html`<dt>${name}</dt><dd>${TERMS[key as keyof typeof TERMS]}</dd>\n`,
  )}</dl></details>
</section>
`;
}
