import type { EncoderOutput } from '@medbench/core';
import { once } from './pooled-block.js';

type Parts = Omit<EncoderOutput, 'updates'>;

/** An encoder's output of which each part is computed when it is first read, and once. */
export function lazyOutput(parts: { readonly [Name in keyof Parts]: () => Parts[Name] }): EncoderOutput {
  const getters = Object.entries<() => unknown>(parts).map(([name, compute]): [string, PropertyDescriptor] => [
    name,
    { enumerable: true, get: once(compute) },
  ]);
  return Object.defineProperties({}, Object.fromEntries(getters)) as EncoderOutput;
}
