import type { AverageRanks } from '@medbench/core';
import { averageRanks } from '@medbench/evaluation/statistics';
import { selectMeasurements, summarise } from '../cells.js';
import type { ProtocolWordsLookup } from '../words.js';
import type { Entry } from './entries.js';
import type { TestSet } from './test-sets.js';

/** The mean over seeds of the primary metric of an entry on a test set; null without one. */
export const meanFigure = ({ cells }: Entry, set: TestSet): number | null =>
  summarise(
    selectMeasurements(
      (cells.get(set) ?? []).filter(({ status }) => status === 'ok'),
      set.metric,
    ),
  ).value;

/**
 * Ranks entries on average over the test sets that at least half of them have. Only entries with a figure on each of
 * these are ranked: a mean over gaps would favour who leaves out the hard tasks. Controls are not ranked.
 * @returns null with fewer than two entries or two test sets; ids are labels.
 */
export function rankEntries(
  entries: readonly Entry[],
  sets: readonly TestSet[],
  words: ProtocolWordsLookup,
): AverageRanks | null {
  const methods = entries.filter(({ control }) => !control);
  const common = sets.filter(
    (set) => 2 * methods.filter((entry) => meanFigure(entry, set) !== null).length >= methods.length,
  );
  const complete = methods.filter((entry) => common.every((set) => meanFigure(entry, set) !== null));
  const scores = common.map((set) => {
    const sign = words(set.protocol).metric(set.metric).lowerIsBetter ? -1 : 1;
    return complete.map((entry) => sign * meanFigure(entry, set)!);
  });
  return averageRanks(
    complete.map(({ label }) => label),
    scores,
  );
}
