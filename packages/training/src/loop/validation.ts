import { type OpenedCorpus, type PairSource, random, type TrainRequest, type ValidationSettings } from '@medbench/core';
import { batchesPerEpoch, subset } from '@medbench/data';

/** A corpus split into training pairs and held-out pairs. */
export interface HeldOutSplit {
  readonly training: PairSource;
  readonly validation: PairSource;
  /** Index of each training pair in the whole corpus. */
  readonly indices: Int32Array;
}

/** Caches splits of corpora. All rows of a run share the splits, and so share the decoded images. */
export class HeldOutSplits {
  readonly #splits = new WeakMap<PairSource, Map<string, HeldOutSplit>>();

  /**
   * Holds out a share of a corpus: the same pairs for every row and seed, so that their losses can be compared. At most
   * `maximum` pairs are held out, and at least one pair is left to train on.
   */
  holdOut(pairs: PairSource, share: number, maximum: number): HeldOutSplit {
    const splits = this.#splits.get(pairs) ?? new Map<string, HeldOutSplit>();
    this.#splits.set(pairs, splits);
    const key = `${share}/${maximum}`;
    const result = splits.get(key) ?? splitPairs(pairs, share, maximum);
    splits.set(key, result);
    return result;
  }

  /**
   * Splits a corpus under these settings. If nothing is held out, all pairs are for training.
   * @param trained number of pairs of a training batch.
   */
  split({ pairs }: OpenedCorpus, { share, batches, batchSize }: ValidationSettings, trained: number): HeldOutSplit {
    return this.holdOut(pairs, share, (batches ?? Number.POSITIVE_INFINITY) * (batchSize ?? trained));
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

/** The validation losses of a training so far. */
export interface ValidationStanding {
  readonly curve: readonly { readonly step: number; readonly loss: number }[];
  readonly best: { readonly step: number; readonly loss: number } | null;
  /** Number of losses since the best one. */
  readonly strikes: number;
}

export const NO_STANDING: ValidationStanding = { curve: [], best: null, strikes: 0 };

/** Adds a loss. `improved` says whether it is the lowest so far. */
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

/** Whether training ends early, because too many losses in a row did not improve. */
export const shouldStop = ({ patience }: ValidationSettings, { strikes }: ValidationStanding): boolean =>
  patience !== null && strikes >= patience;

/** The pairs that a training validates on. */
export interface ValidationPairs {
  readonly pairs: PairSource;
  /**
   * Whether they are held-out pairs of the training corpus, in full batches of an order that is drawn, or a corpus of
   * their own, in its order. The last batch of a corpus may be smaller; each batch counts by its pairs.
   */
  readonly from: 'share' | 'corpus';
}

/** Selects the validation pairs; undefined if there is no validation. */
export function selectValidation(
  { validationCorpus, training }: Pick<TrainRequest, 'validationCorpus' | 'training'>,
  { validation }: HeldOutSplit,
): ValidationPairs | undefined {
  if (validationCorpus) return { pairs: validationCorpus.pairs, from: 'corpus' };
  return training.validation.share > 0 ? { pairs: validation, from: 'share' } : undefined;
}

/**
 * Number of steps between two validations.
 * @param pairs number of training pairs, which decides how many full batches an epoch has.
 */
export const validationInterval = ({ every }: ValidationSettings, pairs: number, batchSize: number): number =>
  every === 'epoch' ? Math.max(1, batchesPerEpoch(pairs, batchSize)) : every;
