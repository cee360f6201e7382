import type { RunResults } from '@medbench/core';
import { protocolWords } from '../words.js';
import { TERMS } from './definition.js';
import { html, type Markup } from './escape.js';

/** Most recalls of single classes with a line each. Beyond this, the legend has one line for all of them. */
const MOST_RECALLS = 5;

const isClassRecall = (name: string): boolean => name.startsWith('recall_');

const TERM_NAMES: Readonly<Record<keyof typeof TERMS, string>> = {
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

/** The section that defines every number of the page; undefined without cells. */
export function legendSection(results: RunResults): Markup | undefined {
  const { cells } = results;
  if (cells.length === 0) return undefined;
  const words = protocolWords(results);
  // A metric has the same meaning in all protocols: the definition of the first protocol is used.
  const protocols = new Map<string, string>();
  for (const { protocol, metric, metrics } of cells) {
    for (const name of [metric, ...Object.keys(metrics)]) if (!protocols.has(name)) protocols.set(name, protocol);
  }
  const names = [...protocols.keys()].filter((name) => name !== '');
  const many = names.filter(isClassRecall).length > MOST_RECALLS;
  const shown = many ? [...names.filter((name) => !isClassRecall(name)), 'recall_<class>'] : names;
  const wordsFor = (name: string) => words(protocols.get(name) ?? protocols.get(names.find(isClassRecall)!)!);
  return html`<section><h2>What the numbers mean</h2>
<details><summary>Metrics</summary>
<dl>${shown.map((name) => html`<dt><bdi>${name}</bdi> ${wordsFor(name).arrow(name)}</dt><dd>${wordsFor(name).definition(name)}</dd>\n`)}</dl></details>
<details><summary>Other numbers</summary>
<dl>${Object.entries(TERM_NAMES).map(
    ([key, name]) => html`<dt>${name}</dt><dd>${TERMS[key as keyof typeof TERMS]}</dd>\n`,
  )}</dl></details>
</section>
`;
}
