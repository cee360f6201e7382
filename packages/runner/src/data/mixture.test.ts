import type { ImageTextPair, OpenedCorpus } from '@medbench/core';
import { describe, expect, it } from 'vitest';
import { mixCorpora, schedulePairs } from './mixture.js';

const corpus = (name: string, length: number, encoded = true): OpenedCorpus => {
  const image = { width: 1, height: 1, channels: 1, data: Uint8Array.of(0) } as const;
  const get = async (i: number): Promise<ImageTextPair> => ({ image, caption: `${name}${i}` });
  return {
    fingerprint: name,
    synthetic: name === 'phantom',
    pairs: {
      length,
      get,
      ...(encoded
        ? { encoded: async (i: number) => ({ bytes: new Uint8Array(0), caption: `${name}${i}`, name }) }
        : {}),
    },
  };
};
const readCaptions = ({ pairs }: OpenedCorpus) =>
  Promise.all(Array.from({ length: pairs.length }, async (_, i) => (await pairs.get(i)).caption));

describe('mixCorpora', () => {
  it('keeps the order that a corpus has, spread over the epoch', () => {
    const ordered = corpus('a', 4);
    const order = () => Int32Array.of(2, 3, 0, 1);
    const a = { id: 'a', corpus: { ...ordered, pairs: { ...ordered.pairs, order } }, weight: 1 };
    const b = { id: 'b', corpus: corpus('b', 8), weight: 1 };
    expect(mixCorpora([b, b], 0).pairs.order).toBeUndefined();
    const shown = Array.from(mixCorpora([a, b], 0).pairs.order!(1, 0));
    expect(shown.filter((place) => place < 4)).toEqual([2, 3, 0, 1]);
    expect(shown.filter((place) => place >= 4).sort((x, y) => x - y)).toEqual([4, 5, 6, 7, 8, 9, 10, 11]);
    for (let from = 0; from < 12; from += 3) {
      expect(shown.slice(from, from + 3).filter((place) => place < 4).length).toBe(1);
    }
    // Twice each: the same pair twice in a row.
    const twice = Array.from(mixCorpora([{ ...a, weight: 2 }], 0).pairs.order!(1, 0));
    expect(twice.map((place) => place % 4)).toEqual([2, 2, 3, 3, 0, 0, 1, 1]);
  });

  it('shows each pair as often as its weight says', async () => {
    const mixed = mixCorpora(
      [
        { id: 'a', corpus: corpus('a', 3), weight: 1 },
        { id: 'b', corpus: corpus('b', 2), weight: 2 },
        { id: 'c', corpus: corpus('c', 10), weight: 0.3 },
        { id: 'd', corpus: corpus('d', 4), weight: 1.5 },
      ],
      0,
    );
    const captions = await readCaptions(mixed);
    expect(captions.slice(0, 7)).toEqual(['a0', 'a1', 'a2', 'b0', 'b1', 'b0', 'b1']);
    const count = (letter: string) => captions.filter((caption) => caption.startsWith(letter));
    expect(new Set(count('c')).size).toBe(3);
    expect(count('c')).toHaveLength(3);
    expect(count('d')).toHaveLength(6);
    expect(new Set(count('d')).size).toBe(4);
    expect((await mixed.pairs.encoded!(4)).caption).toBe('b1');
    await expect(mixed.pairs.get(captions.length)).rejects.toThrow(RangeError);
    await expect(mixed.pairs.get(-1)).rejects.toThrow(RangeError);
  });

  it('draws a random part with the seed, which is then part of the fingerprint', () => {
    expect(schedulePairs(1000, 0.1, 1, 'a')).toEqual(schedulePairs(1000, 0.1, 1, 'a'));
    expect(schedulePairs(1000, 0.1, 1, 'a')).not.toEqual(schedulePairs(1000, 0.1, 2, 'a'));
    const mix = (weight: number, seed: number) =>
      mixCorpora(
        [
          { id: 'a', corpus: corpus('a', 10), weight },
          { id: 'b', corpus: corpus('b', 1), weight: 1 },
        ],
        seed,
      );
    expect(mix(0.5, 0).fingerprint).not.toBe(mix(0.5, 1).fingerprint);
    expect(mix(0.5, 0).fingerprint).not.toBe(mix(1, 0).fingerprint);
    expect(mix(1, 0).fingerprint).toBe(mix(1, 1).fingerprint);
  });

  it('is synthetic if any corpus is, and provides encoded images only if all corpora do', () => {
    const alone = corpus('a', 1);
    expect(mixCorpora([{ id: 'a', corpus: alone, weight: 1 }], 0)).toBe(alone);
    const mixed = mixCorpora(
      [
        { id: 'a', corpus: alone, weight: 1 },
        { id: 'p', corpus: corpus('phantom', 1, false), weight: 1 },
      ],
      0,
    );
    expect(mixed.synthetic).toBe(true);
    expect(mixed.pairs.encoded).toBeUndefined();
  });
});
