import type { Random } from '@medbench/core';
import { between } from './drawing/random.js';
import type { Point } from './drawing/shapes.js';
import { drawValue, type FactorSpec, type Factors, type PhantomQuestion } from './model.js';

/**
 * The focal finding of an image: at most one, of a kind that the modality defines. `side` is the side of the image, not
 * of the patient. Without a finding all four factors are `none`.
 */
export type FindingFactors<Kind extends string = string> = {
  readonly finding: 'none' | Kind;
  readonly side: 'none' | 'left' | 'right';
  readonly size: 'none' | 'small' | 'large';
  readonly level: 'none' | 'upper' | 'lower';
};

const SIDES = ['none', 'left', 'right'];
const SIZES = ['none', 'small', 'large'];
const LEVELS = ['none', 'upper', 'lower'];

/** The four factors of a finding of two kinds. No finding, the first kind and the second kind are equally frequent. */
export const findingFactors = (first: string, second: string): FactorSpec[] => [
  { name: 'finding', scope: 'local', values: ['none', first, second] },
  { name: 'side', scope: 'local', values: SIDES },
  { name: 'size', scope: 'local', values: SIZES },
  { name: 'level', scope: 'local', values: LEVELS },
];

/** Draws all factors independently, except that the side, size and level of a finding are `none` if there is none. */
export function sampleFactors<F extends Factors>(specs: readonly FactorSpec[], random: Random): F {
  const values: Record<string, string> = {};
  for (const spec of specs) {
    if (spec.name === 'side' || spec.name === 'size' || spec.name === 'level') {
      const drawn = drawValue({ ...spec, values: spec.values.slice(1) }, random);
      values[spec.name] = values.finding === 'none' ? 'none' : drawn;
    } else {
      values[spec.name] = drawValue(spec, random);
    }
  }
  return values as F;
}

/** Where findings of a modality may lie: ranges of the distance from the vertical midline, and of y for each level. */
export interface FindingArea {
  readonly offset: readonly [number, number];
  readonly upper: readonly [number, number];
  readonly lower: readonly [number, number];
}

/** Draws the finding's centre, within the half and level that the factors name. Always takes two random numbers. */
export function drawCentre(factors: FindingFactors, area: FindingArea, random: Random): Point {
  const offset = between(random, ...area.offset);
  const y = between(random, ...(factors.level === 'upper' ? area.upper : area.lower));
  return { x: factors.side === 'left' ? 0.5 - offset : 0.5 + offset, y };
}

/** The words for each kind of finding: synonyms, the first of which is used in questions and answers. */
export type FindingWords = Readonly<Record<string, readonly [string, ...string[]]>>;

/** A sentence on the finding, undefined without one: its kind, size and side, sometimes its level or a doubt. */
export function findingSentence(
  factors: FindingFactors,
  words: FindingWords,
  random: Random,
  places: readonly string[] = [],
): string | undefined {
  if (factors.finding === 'none') return undefined;
  const noun = `${factors.size} ${random.pick(words[factors.finding]!)}`;
  const where = `on the ${factors.side} side of the image`;
  return random.pick([
    `A ${noun} ${where}.`,
    `There is a ${noun} ${where}.`,
    `A ${noun} is seen ${where}.`,
    `Finding ${where}: a ${noun}.`,
    `A finding ${where}, a ${noun}.`,
    `A ${noun} ${where}, ${factors.level} part.`,
    `Finding ${where}, ${factors.level} part: a ${noun}.`,
    `Possible ${noun} ${where}.`,
    ...places.map((spot) => `A ${noun} ${spot}, ${where}.`),
  ]);
}

const yesOrNo = (value: boolean): string => (value ? 'yes' : 'no');

/** A yes/no question. */
export const yesNoQuestion = (question: string, answer: boolean, questionType: string): PhantomQuestion => ({
  question,
  answer: yesOrNo(answer),
  type: 'closed',
  questionType,
});

/** A question with a free answer. */
export const openQuestion = (question: string, answer: string, questionType: string): PhantomQuestion => ({
  question,
  answer,
  type: 'open',
  questionType,
});

/** The questions about the finding, the same for every modality but for the words. */
export function findingQuestions(factors: FindingFactors, words: FindingWords, random: Random): PhantomQuestion[] {
  const { finding, side, size, level } = factors;
  const hasFinding = finding !== 'none';
  const questions: PhantomQuestion[] = [];
  for (const [kind, [noun]] of Object.entries(words)) {
    questions.push(
      yesNoQuestion(
        random.pick([`Is there a ${noun}?`, `Does the image show a ${noun}?`, `Is a ${noun} seen?`]),
        finding === kind,
        'PRES',
      ),
    );
  }
  questions.push(
    openQuestion('How many focal findings are there?', hasFinding ? '1' : '0', 'COUNT'),
    openQuestion('What is the focal finding?', hasFinding ? words[finding]![0] : 'none', 'ABN'),
    yesNoQuestion('Is there a finding on the left side of the image?', side === 'left', 'PRES, POS'),
    yesNoQuestion('Is there a finding on the right side of the image?', side === 'right', 'PRES, POS'),
  );
  if (hasFinding) {
    const noun = words[finding]![0];
    questions.push(
      openQuestion(
        random.pick([`On which side of the image is the ${noun}?`, 'Which side of the image shows the finding?']),
        side,
        'POS',
      ),
      openQuestion(random.pick([`How large is the ${noun}?`, `What is the size of the ${noun}?`]), size, 'SIZE'),
      yesNoQuestion(`Is the ${noun} in the upper part of the image?`, level === 'upper', 'POS'),
    );
  }
  return questions;
}
