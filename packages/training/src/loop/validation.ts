import { type OpenedCorpus, type PairSource, random, type ValidationSettings } from '@medbench/core';
import { subset } from '@medbench/data';

/** A corpus without the pairs that are held out, and those. */
export interface HeldOutSplit {
  readonly training: PairSource;
  readonly validation: PairSource;
  /** Index in the whole corpus of each training pair. */
  readonly indices: Int32Array;
}

/** Splits that were made: all rows of a run share them, and with them the images that were decoded. */
export class HeldOutSplits {
  readonly #splits = new WeakMap<PairSource, Map<string, HeldOutSplit>>();

  /**
   * Holds out a share of a corpus: the same pairs for every row and seed, so that their losses can be compared. At most
   * `most` pairs are held out; at least one is left to train on.
   */
  holdOut(pairs: PairSource, share: number, maximum: number): HeldOutSplit {
    const splits = this.#splits.get(pairs) ?? new Map<string, HeldOutSplit>();
    this.#splits.set(pairs, splits);
    const key = `${share}/${maximum}`;
    const result = splits.get(key) ?? splitPairs(pairs, share, maximum);
    splits.set(key, result);
    return result;
  }

  /** What a corpus is split into under these settings; all of it is for training where nothing is held out. */
  split({ pairs }: OpenedCorpus, { share, batches }: ValidationSettings, batchSize: number): HeldOutSplit {
    return this.holdOut(pairs, share, batches * batchSize);
  }
}

function splitPairs(pairs: PairSource, share: number, maximum: number): HeldOutSplit {
  const count = Math.min(Math.round(pairs.length * share), maximum, Math.max(0, pairs.length - 1));
  const empty = { length: 0, get: (index: number) => pairs.get(index) };
  if (count <= 0) {
    return { training: pairs, validation: empty, indices: Int32Array.from({ length: pairs.length }, (_, i) => i) };
  }
  const order = random(0, 'validation').permutation(pairs.length);
  const indices = order.slice(count).sort();
  return { training: subset(pairs, indices), validation: subset(pairs, order.slice(0, count).sort()), indices };
}

/** How a training stands by its validation loss. */
export interface ValidationStanding {
  readonly curve: readonly { readonly step: number; readonly loss: number }[];
  readonly best: { readonly step: number; readonly loss: number } | null;
  /** Losses since the best one. */
  readonly strikes: number;
}

export const NO_STANDING: ValidationStanding = { curve: [], best: null, strikes: 0 };

/** The standing after another loss; `improved` tells whether it is the lowest so far. */
export function updateStanding(
  previous: ValidationStanding,
  step: number,
  loss: number,
): { standing: ValidationStanding; improved: boolean } {
  const improved = previous.best === null || loss < previous.best.loss;
  return {
    improved,
    standing: {
      curve: [...previous.curve, { step, loss }],
      best: improved ? { step, loss } : previous.best,
      strikes: improved ? 0 : previous.strikes + 1,
    },
  };
}

/** Whether training ends here for want of progress. */
export const shouldStop = ({ patience }: ValidationSettings, { strikes }: ValidationStanding): boolean =>
  patience !== null && strikes >= patience;

export const validates = ({ share }: ValidationSettings): boolean => share > 0;
