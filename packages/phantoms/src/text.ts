import type { Random } from '@medbench/core';
import { chance } from './drawing/random.js';
import type { PhantomModel } from './model.js';

/** Longest caption, in words. */
export const MAX_WORDS = 30;

const length = (sentences: readonly string[]): number => sentences.join(' ').split(' ').length;

/** What a caption is put together from. */
export interface CaptionParts {
  /** Names the image and, mostly, its global factor. */
  readonly opening: string;
  /** The finding, if there is one. */
  readonly finding: string | undefined;
  /** Ways to say that there is none. */
  readonly negative: readonly string[];
  readonly rare: boolean;
  /** Sentences that are dropped when the caption would grow too long. */
  readonly optional: readonly (string | undefined)[];
}

/**
 * A caption of one to four short sentences, at most `MAX_WORDS` words. The finding and the rare factor are always told
 * when they are there; what is not there is told at times ("no focal finding"), as reports do.
 */
export function composeCaption(model: Pick<PhantomModel, 'rare'>, parts: CaptionParts, random: Random): string {
  const { phrase } = model.rare;
  const said = chance(random, 0.8) ? random.pick([...NEGATIVES, ...parts.negative]) : undefined;
  // Beside a rare finding, "the lungs are clear" would be wrong.
  const finding = parts.finding ?? (parts.rare ? undefined : said);
  const told = finding === undefined ? [parts.opening] : [parts.opening, finding];
  const absent = random.pick(['No rare finding.', `No ${phrase}.`, 'No rare finding is seen.', ...Array<undefined>(7)]);
  const long = length(told) > MAX_WORDS - 8;
  const present = random.pick([
    `Rare finding: a ${phrase}.`,
    `There is a rare finding, a ${phrase}.`,
    `A ${phrase} is present.`,
  ]);
  if (parts.rare) told.push(long ? `Rare finding: a ${phrase}.` : present);
  for (const sentence of [...parts.optional, parts.rare ? undefined : absent]) {
    if (sentence !== undefined && length([...told, sentence]) <= MAX_WORDS - 4) told.push(sentence);
  }
  return told.join(' ');
}

const NEGATIVES = ['No focal finding.', 'There is no focal finding.', 'No focal finding is seen.'];
