/** What a reader must know to read a metric's figure. */
export interface MetricFacts {
  /** One sentence; undefined for metrics that only their task defines. */
  readonly definition?: string;
  readonly lowerIsBetter: boolean;
}

const QUERIES: Readonly<Record<string, string>> = {
  i2t: 'images (in search of a text)',
  t2i: 'texts (in search of an image)',
  mean: 'images and of texts',
};

// First match wins. Names are compared in lower case with `-` and `_` read as spaces.
const GLOSSARY: readonly (readonly [pattern: RegExp, definition: (match: RegExpExecArray) => string])[] = [
  [
    /^(?:(i2t|t2i|mean) )?recall ?@ ?(\d+)$/,
    ([, way, k]) =>
      `Share of ${way ? QUERIES[way] : 'queries'} for which a right answer is among the ${k} nearest of all candidates${
        way === 'mean' ? ': mean of both ways' : ''
      }.`,
  ],
  [
    /^rare recall$/,
    () =>
      'Mean over the rare classes of the share of their examples that is classified right; rare: under 5 % of the training split (of the test split where there is none).',
  ],
  [/^recall (.+)$/, ([, name]) => `Share of the examples of class “${name}” that is classified right.`],
  [
    /^(?:(i2t|t2i) )?(median|mean) rank$/,
    ([, way, kind]) =>
      `${kind === 'mean' ? 'Mean' : 'Median'} rank of the first right candidate${way ? ` over ${QUERIES[way]}` : ''}.`,
  ],
  [/balanced acc|^bacc$/, () => 'Mean over the classes of the share of their examples that is classified right.'],
  [/(open|closed)\b.*acc|acc.*\b(open|closed)/, (m) => `Share of ${m[1] ?? m[2]} questions answered right.`],
  [/acc(uracy)?\b/, () => 'Share of examples for which the highest-scoring answer is the right one.'],
  [
    /au ?roc|roc ?auc|^auc$/,
    () =>
      'Area under the ROC curve: chance that a positive scores above a negative; mean over the classes (one-vs-rest).',
  ],
  [/\bf1\b/, () => 'Harmonic mean of precision and recall; macro: mean over the classes.'],
  [/average precision|\bmap\b|auprc/, () => 'Area under the precision-recall curve; mean over the classes.'],
  [
    /^ceiling$/,
    () => 'Share of test questions whose answer occurs in training: no classifier over those answers exceeds it.',
  ],
  [/exact match/, () => 'Share of questions whose answer agrees with the reference word for word.'],
  [/calibration error|\bece\b/, () => 'Mean gap between confidence and accuracy.'],
  [/brier/, () => 'Mean squared distance between predicted probabilities and the truth.'],
];

const LOWER_IS_BETTER = /\b(rank|loss|error|ece|brier|perplexity)\b/;

/** Looks a metric up by its name, whatever its spelling (`balanced-accuracy`, `Balanced accuracy`). */
export function metricFacts(name: string): MetricFacts {
  const key = name.toLowerCase().replaceAll(/[-_\s]+/g, ' ');
  // A class may be called anything, `recall_hair_loss` too.
  const lowerIsBetter = !key.startsWith('recall ') && LOWER_IS_BETTER.test(key);
  const [, plain = key, shots] = /^(.+) (?:projected|(\d+)shot)$/.exec(key) ?? [];
  for (const [pattern, definition] of GLOSSARY) {
    const match = pattern.exec(plain);
    if (match) return { definition: definition(match) + (plain === key ? '' : variantOf(shots)), lowerIsBetter };
  }
  return { lowerIsBetter };
}

/** What is said of a further probe of the same task. */
const variantOf = (shots: string | undefined): string =>
  shots === undefined
    ? ' Of a probe on features after the projection.'
    : ` Of a probe on ${shots} training ${shots === '1' ? 'example' : 'examples'} of each class.`;

/** Which way is better: `↑` or `↓`. */
export const arrowOf = (name: string): string => (metricFacts(name).lowerIsBetter ? '↓' : '↑');

/** The metric with its arrow, `accuracy ↑`. */
export const withArrow = (name: string): string => `${name} ${arrowOf(name)}`;
