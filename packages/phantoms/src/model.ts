import type { Random, RasterImage } from '@medbench/core';

/** The five imaging modalities, in the order in which cases cycle through them. */
export const PHANTOM_MODALITIES = [
  'radiology',
  'histopathology',
  'dermatology',
  'ophthalmology',
  'ultrasound',
] as const;
export type PhantomModality = (typeof PHANTOM_MODALITIES)[number];

/** The value of each generative factor of an image, by name. */
export type Factors = Readonly<Record<string, string>>;
export type Presence = 'absent' | 'present';

/** Whether a factor changes the whole image (global), a few pixels (local), or is present in few images (rare). */
export type FactorScope = 'global' | 'local' | 'rare';

export interface FactorSpec {
  readonly name: string;
  readonly scope: FactorScope;
  /** Class names in label order. */
  readonly values: readonly string[];
  /** Probability of each value; uniform if not given. */
  readonly weights?: readonly number[];
}

/** A question about one image. `questionType` uses VQA-RAD's vocabulary (PRES, POS, ABN, SIZE, …). */
export interface PhantomQuestion {
  readonly question: string;
  readonly answer: string;
  readonly type: 'open' | 'closed';
  readonly questionType: string;
}

/** How one modality's images are drawn and described. */
export interface PhantomModel<F extends Factors = Factors> {
  readonly modality: PhantomModality;
  /** Name of this kind of image in captions. */
  readonly title: string;
  readonly factors: readonly FactorSpec[];
  /** The factor behind the global label, and the phrase that captions use for each of its two values. */
  readonly global: { readonly name: string; readonly phrases: readonly [string, string] };
  /** The rare factor and its name in captions. */
  readonly rare: { readonly name: string; readonly phrase: string };
  sample(random: Random): F;
  /** Draws the image, `size` pixels a side. The same stream gives the same nuisance details for any factors. */
  render(factors: F, random: Random, size: number): RasterImage;
  caption(factors: F, random: Random): string;
  questions(factors: F, random: Random): PhantomQuestion[];
}

/** Default share of the cases that show their modality's rare factor. */
export const RARE_PREVALENCE = 0.02;

/** The specification of a rare factor, which is absent or present. */
export const rareFactor = (name: string): FactorSpec => ({
  name,
  scope: 'rare',
  values: ['absent', 'present'],
  weights: [1 - RARE_PREVALENCE, RARE_PREVALENCE],
});

/** Draws one value of a factor with its probability. */
export function drawValue(spec: FactorSpec, random: Random): string {
  let rest = random.uniform();
  for (const [index, value] of spec.values.entries()) {
    rest -= spec.weights?.[index] ?? 1 / spec.values.length;
    if (rest < 0) return value;
  }
  return spec.values.at(-1)!;
}
