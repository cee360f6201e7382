import type { ProtocolWords } from '../words.js';
import { html, type Markup } from './escape.js';

/** Definitions of the report's terms that are not metrics. */
export const TERMS = {
  interval: 'Interval that covers the true figure in 95 of 100 test sets drawn like this one.',
  deviation:
    'Sample standard deviation over training seeds: how much trainings differ. It is not an interval over test sets.',
  n: 'Number of test examples behind the figure.',
  rank: 'Mean place of a method over the columns: 1 is best; equal figures share the mean of their places.',
  difference: 'Mean score per test example of the first minus that of the second, on the same test examples.',
  differenceInterval: '95 % interval of this one difference, not widened for the number of comparisons.',
  adjusted:
    'Chance of a difference at least as large if there were none, corrected by Holm for the number of comparisons: below 0.05 it is called significant.',
  test: 'McNemar (mid-p): right and wrong answers on the same examples. t: means of graded scores or, with several seeds, means over examples and seeds. Sign flips: few examples.',
  seconds: 'Wall time of the training steps, without evaluation.',
  energy:
    'Estimate: the increase of the counters of the processor packages, or an assumed power times the seconds of training.',
  memory: 'Highest resident memory of the whole process between two training steps.',
  steps: 'Optimizer steps, each on one batch.',
  trainable: 'Parameters that the optimizer changes.',
  total: 'All parameters of the model while it trains, including frozen ones and those discarded afterwards.',
  loss: 'Loss at the last point of the training curve. Methods minimise different losses: do not compare methods by it.',
} as const;

/**
 * A button with a word that shows its definition. Browsers show the title on hover, screen readers read it, and the
 * page's script shows it when the button is pressed.
 */
export const defined = (label: string | Markup, definition: string): Markup =>
  html`<button type="button" class="def" title="${definition}">${label}</button>`;

/** A question-mark button that shows the definition of a word, for words that are buttons with another function. */
export const explained = (word: string, definition: string): Markup =>
  html`<button type="button" class="def mark-of-question" title="${definition}" aria-label="What is meant by ${word}">?</button>`;

/** A metric's name with its definition. A narrow column breaks the name after an underscore. */
export const definedMetric = (words: ProtocolWords, metric: string): Markup =>
  defined(
    html`<bdi>${metric.split('_').map((part, i) => html`${i > 0 && html`_<wbr>`}${part}`)}</bdi>`,
    words.definition(metric),
  );
