import type { Random, RasterImage } from '@medbench/core';
import {
  type FindingFactors,
  type FindingWords,
  findingFactors,
  findingQuestions,
  findingSentence,
  sampleFactors,
} from '../findings.js';
import { type FactorSpec, type Factors, type PhantomModel, type PhantomQuestion, rareFactor } from '../model.js';
import { composeCaption } from '../text.js';

/** The words and drawing of one modality. `definePhantom` holds everything that the five have in common. */
export interface PhantomDescription<F extends Factors & FindingFactors> {
  readonly modality: PhantomModel['modality'];
  /** Name of this kind of image in captions. */
  readonly title: string;
  /** The factor of the whole image behind the global label: its two values, and the phrase in captions for each. */
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
  /** Phrases for the location of a finding, in addition to the side of the image. */
  places?(factors: F): readonly string[];
  /** Sentences that say that there is no finding. */
  readonly negatives: readonly string[];
  /** Sentences that a caption may have; they are dropped when it would grow too long. */
  asides?(factors: F, random: Random): readonly (string | undefined)[];
  /** Questions before those on the finding. */
  questionsBefore(factors: F, random: Random): readonly PhantomQuestion[];
  /** Questions after those on the finding. */
  questionsAfter(factors: F, random: Random): readonly PhantomQuestion[];
  /** Draws the image, `size` pixels a side. The same stream gives the same nuisance details for any factors. */
  render(factors: F, random: Random, size: number): RasterImage;
}

/**
 * The model of a modality: its factors (in the order global, others, finding, rare), captions and questions.
 * A caption reads its random stream in the order opening, finding, asides; questions read theirs in the order before,
 * finding, after.
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
