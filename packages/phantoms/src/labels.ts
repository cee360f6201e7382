import { MODELS } from './modalities/index.js';
import { type FactorSpec, type Factors, PHANTOM_MODALITIES, type PhantomModality } from './model.js';

/** What a label is derived from: a case, or a line of the written `.jsonl` files. */
export interface Labelled {
  readonly modality: PhantomModality;
  readonly factors: Factors;
}

/** One classification problem over all five modalities. */
export interface PhantomLabels {
  /** Class names in label order, worded like the captions. */
  readonly classes: readonly string[];
  /** Zero-shot templates; `{}` stands for a class name. */
  readonly templates: readonly string[];
  /** The label of a case, an index into `classes`. */
  label(of: Labelled): number;
}

/** The factors of each modality, with scope and class names in label order. */
export const FACTORS: Readonly<Record<PhantomModality, readonly FactorSpec[]>> = Object.fromEntries(
  PHANTOM_MODALITIES.map((modality) => [modality, MODELS[modality].factors]),
) as unknown as Record<PhantomModality, readonly FactorSpec[]>;

const factorIndex = ({ modality, factors }: Labelled, name: string): number =>
  FACTORS[modality].find((spec) => spec.name === name)!.values.indexOf(factors[name]!);

/** Modality times its global factor: ten classes, equally frequent. Label = 2 * modality + value. */
export const globalLabel = (of: Labelled): number =>
  2 * PHANTOM_MODALITIES.indexOf(of.modality) + factorIndex(of, MODELS[of.modality].global.name);

/** Side of the image that shows the focal finding: 0 none, 1 left, 2 right; equally frequent. */
export const localLabel = (of: Labelled): number => factorIndex(of, 'side');

/** 1 where the modality's rare factor is present: 2 % of training and validation cases, 10 % of test cases. */
export const rareLabel = (of: Labelled): number => factorIndex(of, MODELS[of.modality].rare.name);

/** Three classification problems: one that the whole image decides, one that a few pixels decide, and a rare one. */
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
