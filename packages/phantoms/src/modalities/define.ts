import type { Random, RasterImage } from '@medbench/core';
import {
  type FindingFactors,
  type FindingWords,
  findingFactors,
  findingQuestions,
  findingSentence,
  sampleFactors,
} from '../findings.js';
import { type FactorSpec, type Factors, type PhantomModel, type Question, rareFactor } from '../model.js';
import { composeCaption } from '../text.js';

/** What one modality says and draws; all that the five have in common is in `definePhantom`. */
export interface PhantomDescription<F extends Factors & FindingFactors> {
  readonly modality: PhantomModel['modality'];
  /** What the image is called in captions. */
  readonly title: string;
  /** The factor of the whole image behind the global label: its two values, and how captions say each. */
  readonly global: {
    readonly name: keyof F & string;
    readonly values: readonly [string, string];
    readonly phrases: readonly [string, string];
  };
  /** The modality's other common factors. */
  readonly others: readonly FactorSpec[];
  /** The two kinds of finding, each with its synonyms. */
  readonly findings: FindingWords;
  /** The rare factor and its name in captions. */
  readonly rare: { readonly name: keyof F & string; readonly phrase: string };
  /** First sentences of a caption, one of which is drawn. */
  openings(factors: F): readonly string[];
  /** Further words for the place of a finding, beside the side of the image. */
  places?(factors: F): readonly string[];
  /** Ways to say that there is no finding. */
  readonly negatives: readonly string[];
  /** Sentences that a caption has at times, and drops when it would grow too long. */
  asides?(factors: F, random: Random): readonly (string | undefined)[];
  /** Questions before those on the finding. */
  questionsBefore(factors: F, random: Random): readonly Question[];
  /** Questions after those on the finding. */
  questionsAfter(factors: F, random: Random): readonly Question[];
  /** Draws the image, `size` pixels a side. The same stream gives the same nuisance details whatever the factors. */
  render(factors: F, random: Random, size: number): RasterImage;
}

/**
 * The model of a modality: its factors in the order global, others, finding, rare, and what can be said and asked of them.
 * The random stream is read in the order opening, finding, asides; and before, finding, after.
 */
export function definePhantom<F extends Factors & FindingFactors>({
  modality,
  title,
  global,
  others,
  findings,
  rare,
  openings,
  places = () => [],
  negatives,
  asides = () => [],
  questionsBefore,
  questionsAfter,
  render,
}: PhantomDescription<F>): PhantomModel<F> {
  const [first, second] = Object.keys(findings) as [string, string];
  const factors: readonly FactorSpec[] = [
    { name: global.name, scope: 'global', values: global.values },
    ...others,
    ...findingFactors(first, second),
    rareFactor(rare.name),
  ];
  return {
    modality,
    title,
    factors,
    global: { name: global.name, phrases: global.phrases },
    rare,
    sample: (random) => sampleFactors(factors, random),
    render,
    caption: (values, random) =>
      composeCaption(
        { rare },
        {
          opening: random.pick(openings(values)),
          finding: findingSentence(values, findings, random, places(values)),
          negative: negatives,
          rare: values[rare.name] === 'present',
          optional: asides(values, random),
        },
        random,
      ),
    questions: (values, random) => [
      ...questionsBefore(values, random),
      ...findingQuestions(values, findings, random),
      ...questionsAfter(values, random),
    ],
  };
}
