import type { ProtocolWords } from '../words.js';
import { html, type Markup } from './escape.js';

/** Terms of the report that are no metrics, each with what must be known to read its numbers. */
export const TERMS = {
  interval: 'Interval that covers the true figure in 95 of 100 test sets drawn like this one.',
  deviation:
    'Sample standard deviation over training seeds: how far one training lies from the next. It is no interval of the test set.',
  n: 'Number of test examples behind the figure.',
  rank: 'Mean over the columns of the place of a method in the column: 1 is best, equal figures share the mean of their places.',
  difference: 'Mean score per test example of the first minus that of the second, on the same test examples.',
  differenceInterval: '95 % interval of this one difference, not widened for the number of comparisons.',
  adjusted:
    'Chance of a difference at least as large if there were none, corrected by Holm for the number of comparisons: below 0.05 it is called significant.',
  test: 'McNemar (mid-p): right and wrong on the same examples. t: means of graded scores or, with several seeds, over examples and seeds. Sign flips: few examples.',
  seconds: 'Wall time of the training steps; evaluation is not in it.',
  energy:
    'Estimate: what the counters of the processor packages rose by, or an assumed power times the seconds of training.',
  memory: 'Highest resident memory of the whole process between two training steps.',
  steps: 'Optimizer steps, each on one batch.',
  trainable: 'Parameters that the optimizer changes.',
  total: 'All parameters of the model while it trains, frozen ones and those discarded afterwards too.',
  loss: 'Loss at the last point of the training curve. Methods minimise different losses: it does not compare them.',
} as const;

/**
 * A word with its definition one hover, tap or key press away: the title shows on hover and is read by screen readers,
 * and the page's script shows it where the button is pressed.
 */
export const defined = (label: string | Markup, definition: string): Markup =>
  html`<button type="button" class="def" title="${definition}">${label}</button>`;

/** The definition alone, behind a question mark, where the word itself is a button for something else. */
export const explained = (word: string, definition: string): Markup =>
  html`<button type="button" class="def mark-of-question" title="${definition}" aria-label="What is meant by ${word}">?</button>`;

/** A metric's name with its definition. */
export const definedMetric = (words: ProtocolWords, metric: string): Markup =>
  defined(html`<bdi>${metric}</bdi>`, words.definition(metric));
