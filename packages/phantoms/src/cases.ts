import { type RasterImage, random } from '@medbench/core';
import { MODELS } from './modalities/index.js';
import {
  type Factors,
  PHANTOM_MODALITIES,
  type PhantomModality,
  type PhantomQuestion,
  RARE_PREVALENCE,
} from './model.js';

export type PhantomSplit = 'train' | 'val' | 'test';

/** Default side of an image in pixels. */
export const DEFAULT_SIZE = 64;

/**
 * Share of cases with a rare finding. The share is raised in the test split, so that a few hundred images suffice to
 * measure how well a method detects the finding.
 */
export const RARE_SHARE: Readonly<Record<PhantomSplit, number>> = {
  train: RARE_PREVALENCE,
  val: RARE_PREVALENCE,
  test: 0.1,
};

/** One synthetic example. */
export interface PhantomCase {
  readonly modality: PhantomModality;
  readonly factors: Factors;
  readonly caption: string;
  readonly questions: readonly PhantomQuestion[];
  /** Draws the image, `size` pixels a side. */
  render(size?: number): RasterImage;
}

/**
 * The example at `index` of a split. It depends on the arguments alone, so examples may be made in any order; no two
 * splits share an example. Without `modality`, the index cycles through the five modalities. Every block of `5 / share`
 * consecutive indices holds exactly one rare finding per modality (stratified sampling), at a random index.
 */
export function phantomCase(
  seed: number,
  split: PhantomSplit,
  index: number,
  modality: PhantomModality = PHANTOM_MODALITIES[index % PHANTOM_MODALITIES.length]!,
): PhantomCase {
  const slot = index % PHANTOM_MODALITIES.length;
  const round = Math.floor(index / PHANTOM_MODALITIES.length);
  const period = Math.round(1 / RARE_SHARE[split]);
  const chosen = random(seed, 'rare', split, modality, slot, Math.floor(round / period)).integer(period);
  const rare = round % period === chosen ? 'present' : 'absent';
  return streamCase(seed, split, index, modality, { [MODELS[modality].rare.name]: rare });
}

/**
 * The example at `index` of a named stream.
 * @param fixed Factors that are set instead of drawn. The finding's four factors belong together: give all of them or
 *   none.
 */
export function streamCase(
  seed: number,
  stream: string,
  index: number,
  modality: PhantomModality,
  fixed: Factors = {},
): PhantomCase {
  const model = MODELS[modality];
  // Each use has its own stream, so that the numbers drawn for a caption cannot change the image.
  const use = (name: string) => random(seed, 'phantom', stream, index, modality, name);
  const factors = { ...model.sample(use('factors')), ...fixed };
  return {
    modality,
    factors,
    caption: model.caption(factors, use('caption')),
    questions: model.questions(factors, use('questions')),
    render: (size = DEFAULT_SIZE) => model.render(factors, use('picture'), size),
  };
}
