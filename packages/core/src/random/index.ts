import { createHash } from 'node:crypto';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** A stream of random numbers that depends on its seed and names only. */
export interface Random {
  /** Draws a uniform number in [0, 1) with a resolution of 32 bits. */
  uniform(): number;
  /** Draws a standard normal number (Box-Muller). */
  normal(): number;
  /** Draws a uniform integer in [0, n). */
  integer(n: number): number;
  /** Draws one element of a list. */
  pick<T>(items: readonly T[]): T;
  /** Draws a permutation of 0..n-1 (Fisher-Yates). */
  permutation(n: number): Int32Array;
}

/**
 * Makes an independent random stream for a seed and names. The same seed and names give the same stream on every
 * machine, whatever other streams have drawn.
 *
 * @example
 * ```ts
 * import { random } from '@medbench/core';
 *
 * const epoch = 3;
 * const order = random(0, 'order', epoch).permutation(100);
 * const stream = random(0, 'noise');
 * const noise = Float32Array.from({ length: 8 }, () => stream.normal());
 * ```
 */
export function random(seed: number, ...names: readonly (string | number)[]): Random {
  const digest = createHash('sha256')
    .update(JSON.stringify([seed, ...names]))
    .digest();
  const generator = xoroshiro128plus(digest.readInt32LE(0));
  const uniform = (): number => (generator.next() >>> 0) / 4294967296;
  let spare: number | undefined;
  const stream: Random = {
    uniform,
    normal() {
      if (spare !== undefined) {
        const value = spare;
        spare = undefined;
        return value;
      }
      const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
      const angle = 2 * Math.PI * uniform();
      spare = radius * Math.sin(angle);
      return radius * Math.cos(angle);
    },
    integer: (n) => Math.floor(uniform() * n),
    pick: (items) => items[Math.floor(uniform() * items.length)]!,
    permutation(n) {
      const order = Int32Array.from({ length: n }, (_, i) => i);
      for (let i = n - 1; i > 0; i--) {
        const j = Math.floor(uniform() * (i + 1));
        const swap = order[i]!;
        order[i] = order[j]!;
        order[j] = swap;
      }
      return order;
    },
  };
  return stream;
}
