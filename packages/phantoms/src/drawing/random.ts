import { type Random, random } from '@medbench/core';

/**
 * Returns one independent random stream for each named layer of an image. Toggling a factor then changes only the layer
 * that shows it, so a test or a study can swap one factor alone.
 */
export function layers(stream: Random): (name: string) => Random {
  const seed = Math.floor(stream.uniform() * 4294967296);
  return (name) => random(seed, name);
}

/** A uniform random number in [low, high). */
export const between = (stream: Random, low: number, high: number): number => low + (high - low) * stream.uniform();

/** True with this probability. */
export const chance = (stream: Random, probability: number): boolean => stream.uniform() < probability;

/** Random harmonics of a blob's outline for `ellipse`; higher harmonics are weaker. */
export function wobble(stream: Random, amplitude: number, count = 4): [amplitude: number, phase: number][] {
  return Array.from({ length: count }, (_, k) => [
    (amplitude * between(stream, 0.5, 1)) / Math.sqrt(k + 1),
    2 * Math.PI * stream.uniform(),
  ]);
}

/**
 * Random strength with which a two-valued factor shows: 0..0.42 if it is off, 0.58..1 if it is on. The gap keeps every
 * image unambiguous, and the range keeps the images of a class from looking all the same.
 */
export const graded = (stream: Random, on: boolean): number => (on ? 0.58 : 0) + 0.42 * stream.uniform();
