import type { OpenedCorpus, PairSource } from '@medbench/core';
import { random } from '@medbench/core';
import { hashJson } from '../store/index.js';

/** A corpus of a mixture. */
export interface MixedCorpus {
  readonly id: string;
  readonly corpus: OpenedCorpus;
  /** How often an epoch shows each of its pairs. */
  readonly weight: number;
}

/**
 * How often an epoch of a mixture takes pairs of a corpus: a weight of 2.5 shows each pair twice and half of them, drawn
 * for the seed, once more; 0.1 shows a tenth.
 * @returns `pairs` of the corpus for each place of the epoch; undefined for all of them once, in order.
 */
export function schedulePairs(length: number, weight: number, seed: number, id: string): Int32Array | undefined {
  if (weight === 1) return undefined;
  const repeats = Math.floor(weight);
  const extra = Math.round((weight - repeats) * length);
  const places = new Int32Array(repeats * length + extra);
  for (let i = 0; i < repeats * length; i++) places[i] = i % length;
  if (extra > 0) places.set(random(seed, 'mixture', id).permutation(length).slice(0, extra).sort(), repeats * length);
  return places;
}

/** Lays several corpora end to end, each as often as its weight says. One alone with a weight of 1 is left as it is. */
export function mixCorpora(corpora: readonly MixedCorpus[], seed: number): OpenedCorpus {
  const [only] = corpora;
  if (only && corpora.length === 1 && only.weight === 1) return only.corpus;
  const schedules = corpora.map(({ id, corpus, weight }) => {
    const places = schedulePairs(corpus.pairs.length, weight, seed, id);
    return { pairs: corpus.pairs, places, length: places?.length ?? corpus.pairs.length };
  });
  const ends: number[] = [];
  for (const { length } of schedules) ends.push((ends.at(-1) ?? 0) + length);
  const total = ends.at(-1) ?? 0;
  const locate = (index: number): { readonly pairs: PairSource; readonly place: number } => {
    const corpusIndex = Number.isInteger(index) && index >= 0 ? ends.findIndex((end) => index < end) : -1;
    if (corpusIndex < 0) throw new RangeError(`No pair ${index} among ${total}`);
    const { pairs, places } = schedules[corpusIndex]!;
    const place = index - (corpusIndex > 0 ? ends[corpusIndex - 1]! : 0);
    return { pairs, place: places ? places[place]! : place };
  };
  const weights = corpora.map(({ weight }) => weight);
  const fingerprints = corpora.map(({ corpus }) => corpus.fingerprint);
  // Where all count once, nothing else decides what the mixture is.
  const even = weights.every((weight) => weight === 1);
  return {
    fingerprint: hashJson(even ? fingerprints : { fingerprints, weights, seed }),
    synthetic: corpora.some(({ corpus }) => corpus.synthetic),
    pairs: {
      length: total,
      async get(index) {
        const { pairs, place } = locate(index);
        return pairs.get(place);
      },
      // Decoded by workers where all parts can be; a part that is drawn is not.
      ...(schedules.every(({ pairs }) => pairs.encoded)
        ? {
            async encoded(index: number) {
              const { pairs, place } = locate(index);
              return pairs.encoded!(place);
            },
          }
        : {}),
    },
  };
}
