import type { OpenedCorpus, PairSource } from '@medbench/core';
import { random } from '@medbench/core';
import { placesInOrder } from '@medbench/data';
import { hashJson } from '../store/index.js';

/** One corpus of a mixture. */
export interface MixedCorpus {
  readonly id: string;
  readonly corpus: OpenedCorpus;
  /** How often an epoch shows each pair of the corpus. */
  readonly weight: number;
}

/**
 * Lists the pairs of a corpus that one epoch of a mixture shows. A weight of 2.5 shows each pair twice, and a random
 * half (drawn with the seed) a third time. A weight of 0.1 shows a random tenth.
 * @returns for each place of the epoch, the index of a pair in the corpus; undefined if the epoch shows all pairs once,
 *   in order.
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

/** The pairs of one corpus in an epoch of a mixture. */
interface Schedule {
  readonly pairs: PairSource;
  /** Index of the pair at each place; undefined if each pair has its own place. */
  readonly places: Int32Array | undefined;
  readonly length: number;
}

/**
 * The order of an epoch of a mixture, of which a corpus has an order of its own. Each corpus keeps its order, and all
 * are spread evenly over the epoch. A corpus without an order gets a random one.
 */
function orderMixture(schedules: readonly Schedule[], seed: number, epoch: number): Int32Array {
  const entries: { readonly at: number; readonly place: number }[] = [];
  let start = 0;
  for (const [corpus, { pairs, places, length }] of schedules.entries()) {
    const own = pairs.order?.(seed, epoch);
    const inOrder = own
      ? places
        ? placesInOrder(places, own)
        : own
      : random(seed, 'mixture order', corpus, epoch).permutation(length);
    for (const [rank, place] of inOrder.entries()) entries.push({ at: (rank + 0.5) / length, place: start + place });
    start += length;
  }
  return Int32Array.from(
    entries.sort((a, b) => a.at - b.at || a.place - b.place),
    ({ place }) => place,
  );
}

/** Concatenates corpora, each repeated according to its weight. A single corpus of weight 1 is returned unchanged. */
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
  // If all weights are 1, the mixture depends on nothing but its corpora: nothing is drawn.
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
      ...(schedules.some(({ pairs }) => pairs.order)
        ? { order: (from: number, epoch: number) => orderMixture(schedules, from, epoch) }
        : {}),
      // Workers decode images only if every corpus provides encoded ones. Generated corpora do not.
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
