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
