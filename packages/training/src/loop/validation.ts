import { type OpenedCorpus, type PairSource, random, type ValidationSettings } from '@medbench/core';
import { subset } from '@medbench/data';

/** A corpus without the pairs that are held out, and those. */
export interface HeldOut {
  readonly training: PairSource;
  readonly validation: PairSource;
  /** Index in the whole corpus of each training pair. */
  readonly indices: Int32Array;
}

/** Splits that were made: all rows of a run share them, and with them the images that were decoded. */
export class HeldOutPairs {
  readonly #made = new WeakMap<PairSource, Map<string, HeldOut>>();

  /**
   * Holds out a share of a corpus: the same pairs for every row and seed, so that their losses can be compared. At most
   * `most` pairs are held out; at least one is left to train on.
   */
  holdOut(pairs: PairSource, share: number, most: number): HeldOut {
    const known = this.#made.get(pairs) ?? new Map<string, HeldOut>();
    this.#made.set(pairs, known);
    const key = `${share}/${most}`;
    const made = known.get(key) ?? split(pairs, share, most);
    known.set(key, made);
    return made;
  }

  /** What a corpus is split into under these settings; all of it is for training where nothing is held out. */
  split({ pairs }: OpenedCorpus, { share, batches }: ValidationSettings, batchSize: number): HeldOut {
    return this.holdOut(pairs, share, batches * batchSize);
  }
}

function split(pairs: PairSource, share: number, most: number): HeldOut {
  const count = Math.min(Math.round(pairs.length * share), most, Math.max(0, pairs.length - 1));
  const nothing = { length: 0, get: (index: number) => pairs.get(index) };
  if (count <= 0) {
    return { training: pairs, validation: nothing, indices: Int32Array.from({ length: pairs.length }, (_, i) => i) };
  }
  const order = random(0, 'validation').permutation(pairs.length);
  const indices = order.slice(count).sort();
  return { training: subset(pairs, indices), validation: subset(pairs, order.slice(0, count).sort()), indices };
}

/** How a training stands by its validation loss. */
export interface Standing {
  readonly curve: readonly { readonly step: number; readonly loss: number }[];
  readonly best: { readonly step: number; readonly loss: number } | null;
  /** Losses since the best one. */
  readonly strikes: number;
}

export const NO_STANDING: Standing = { curve: [], best: null, strikes: 0 };

/** The standing after another loss; `improved` tells whether it is the lowest so far. */
export function judged(before: Standing, step: number, loss: number): { standing: Standing; improved: boolean } {
  const improved = before.best === null || loss < before.best.loss;
  return {
    improved,
    standing: {
      curve: [...before.curve, { step, loss }],
      best: improved ? { step, loss } : before.best,
      strikes: improved ? 0 : before.strikes + 1,
    },
  };
}

/** Whether training ends here for want of progress. */
export const givesUp = ({ patience }: ValidationSettings, { strikes }: Standing): boolean =>
  patience !== null && strikes >= patience;

export const validates = ({ share }: ValidationSettings): boolean => share > 0;
