import { createHash } from 'node:crypto';

/** A growing list of numbers, eight bytes each. */
export interface NumberList {
  readonly length: number;
  push(value: number): void;
  /** A view of the numbers so far, not a copy. */
  values(): Float64Array;
}

export function numberList(): NumberList {
  let values = new Float64Array(1024);
  let length = 0;
  return {
    get length() {
      return length;
    },
    push(value) {
      if (length === values.length) {
        const larger = new Float64Array(length * 2);
        larger.set(values);
        values = larger;
      }
      values[length++] = value;
    },
    values: () => values.subarray(0, length),
  };
}

/** Counts texts that occur more than once; takes eight bytes per text. */
export interface TextCounter {
  add(text: string): void;
  /** Number of texts that repeat an earlier one: 3 for a, a, a, b, b. */
  duplicates(): number;
}

/**
 * Texts count as equal if 53 bits of their hashes are equal. Among a million different texts, that happens by chance
 * once in 18,000 sets.
 */
export function textCounter(): TextCounter {
  const hashes = numberList();
  return {
    add: (text) => hashes.push(hash53(text)),
    duplicates() {
      const sorted = hashes.values().slice().sort();
      let count = 0;
      for (let i = 1; i < sorted.length; i++) if (sorted[i] === sorted[i - 1]) count++;
      return count;
    },
  };
}

function hash53(text: string): number {
  const digest = createHash('sha1').update(text).digest();
  return digest.readUInt32BE(0) * 2 ** 21 + (digest.readUInt32BE(4) >>> 11);
}
