import { type Random, random } from '@medbench/core';

/**
 * One independent stream per layer of an image. Toggling a factor then changes the layer that shows it and leaves all
 * others as they are, which is what lets a test, or a study, swap one factor alone.
 */
export function layers(stream: Random): (name: string) => Random {
  const seed = Math.floor(stream.uniform() * 4294967296);
  return (name) => random(seed, name);
}

/** Uniform in [low, high). */
export const between = (stream: Random, low: number, high: number): number => low + (high - low) * stream.uniform();

/** True with this probability. */
export const chance = (stream: Random, probability: number): boolean => stream.uniform() < probability;

/** Harmonics of a blob's outline, the higher the weaker; see `ellipse`. */
export function wobble(stream: Random, amplitude: number, count = 4): [amplitude: number, phase: number][] {
  return Array.from({ length: count }, (_, k) => [
    (amplitude * between(stream, 0.5, 1)) / Math.sqrt(k + 1),
    2 * Math.PI * stream.uniform(),
  ]);
}

/**
 * How strongly a two-valued factor shows: 0..0.42 if it is off, 0.58..1 if it is on. An image is then never in doubt,
 * but the two classes are not two fixed looks either.
 */
export const graded = (stream: Random, on: boolean): number => (on ? 0.58 : 0) + 0.42 * stream.uniform();
