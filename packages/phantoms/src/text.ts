import type { Random } from '@medbench/core';
import { chance } from './drawing/random.js';
import type { PhantomModel } from './model.js';

/** Longest caption, in words. */
export const MAX_WORDS = 30;

const countWords = (sentences: readonly string[]): number => sentences.join(' ').split(' ').length;

/** The sentences that a caption is composed of. */
export interface CaptionContent {
  /** Names the kind of image and, in most cases, its global factor. */
  readonly opening: string;
  /** A sentence on the finding, undefined without one. */
  readonly finding: string | undefined;
  /** Sentences that say that there is no finding, one of which may be drawn. */
  readonly negative: readonly string[];
  /** Whether the rare factor is present. */
  readonly rare: boolean;
  /** Sentences that are dropped when the caption would grow too long. */
  readonly optional: readonly (string | undefined)[];
}

/**
 * A caption of one to four short sentences, at most `MAX_WORDS` words. It always names a finding and a rare factor that
 * are present. It sometimes names absent ones ("no focal finding"), as reports do.
 */
export function composeCaption(model: Pick<PhantomModel, 'rare'>, content: CaptionContent, random: Random): string {
  const { phrase } = model.rare;
  const negative = chance(random, 0.8) ? random.pick([...NEGATIVES, ...content.negative]) : undefined;
  // Beside a rare finding, "the lungs are clear" would be wrong.
  const finding = content.finding ?? (content.rare ? undefined : negative);
  const sentences = finding === undefined ? [content.opening] : [content.opening, finding];
  const absent = random.pick(['No rare finding.', `No ${phrase}.`, 'No rare finding is seen.', ...Array<undefined>(7)]);
  const long = countWords(sentences) > MAX_WORDS - 8;
  const present = random.pick([
    `Rare finding: a ${phrase}.`,
    `There is a rare finding, a ${phrase}.`,
    `A ${phrase} is present.`,
  ]);
  if (content.rare) sentences.push(long ? `Rare finding: a ${phrase}.` : present);
  for (const sentence of [...content.optional, content.rare ? undefined : absent]) {
    if (sentence !== undefined && countWords([...sentences, sentence]) <= MAX_WORDS - 4) sentences.push(sentence);
  }
  return sentences.join(' ');
}

const NEGATIVES = ['No focal finding.', 'There is no focal finding.', 'No focal finding is seen.'];
