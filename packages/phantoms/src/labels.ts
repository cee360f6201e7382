import { MODELS } from './modalities/index.js';
import { type FactorSpec, type Factors, PHANTOM_MODALITIES, type PhantomModality } from './model.js';

/** Modality and factors, from which labels are derived: a case, or a line of the written `.jsonl` files. */
export interface LabelledFactors {
  readonly modality: PhantomModality;
  readonly factors: Factors;
}

/** One classification problem over all five modalities. */
export interface PhantomLabels {
  /** Class names in label order, in the words of the captions. */
  readonly classes: readonly string[];
  /** Zero-shot templates; `{}` stands for a class name. */
  readonly templates: readonly string[];
  /** The label of a case, an index into `classes`. */
  label(example: LabelledFactors): number;
}

/** The factors of each modality, with scope and class names in label order. */
export const FACTORS: Readonly<Record<PhantomModality, readonly FactorSpec[]>> = Object.fromEntries(
  PHANTOM_MODALITIES.map((modality) => [modality, MODELS[modality].factors]),
) as unknown as Record<PhantomModality, readonly FactorSpec[]>;

const factorIndex = ({ modality, factors }: LabelledFactors, name: string): number =>
  FACTORS[modality].find((spec) => spec.name === name)!.values.indexOf(factors[name]!);

/** Modality times its global factor: ten classes, equally frequent. Label = 2 * modality + value. */
export const globalLabel = (example: LabelledFactors): number =>
  2 * PHANTOM_MODALITIES.indexOf(example.modality) + factorIndex(example, MODELS[example.modality].global.name);

/** Side of the image that shows the focal finding: 0 no finding, 1 left, 2 right; equally frequent. */
export const localLabel = (example: LabelledFactors): number => factorIndex(example, 'side');

/** 1 where the modality's rare factor is present: 2 % of training and validation cases, 10 % of test cases. */
export const rareLabel = (example: LabelledFactors): number => factorIndex(example, MODELS[example.modality].rare.name);

/** Three classification problems: by the whole image, by a few pixels, and by the rare finding. */
export const LABELS: Readonly<Record<'global' | 'local' | 'rare', PhantomLabels>> = {
  global: {
    classes: PHANTOM_MODALITIES.flatMap((modality) => {
      const { title, global } = MODELS[modality];
      return global.phrases.map((phrase) => `${title} with ${phrase}`);
    }),
    templates: ['{}.', 'a {}.', 'an image: {}.', 'this is a {}.'],
    label: globalLabel,
  },
  local: {
    classes: [
      'no focal finding',
      'a finding on the left side of the image',
      'a finding on the right side of the image',
    ],
    templates: ['{}.', 'there is {}.', '{} is seen.', 'an image with {}.'],
    label: localLabel,
  },
  rare: {
    classes: ['no rare finding', 'a rare finding'],
    templates: ['{}.', 'there is {}.', '{} is seen.', 'an image with {}.'],
    label: rareLabel,
  },
};
