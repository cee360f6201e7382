import { type RasterImage, random } from '@medbench/core';
import { MODELS } from './modalities/index.js';
import { type Factors, PHANTOM_MODALITIES, type PhantomModality, type Question, RARE_PREVALENCE } from './model.js';

export type PhantomSplit = 'train' | 'val' | 'test';

/** Side of an image in pixels, where nothing else is asked for. */
export const DEFAULT_SIZE = 64;

/**
 * Share of cases with a rare finding. It is raised in the test split, so that how well the rare is told from the common
 * can be measured on a few hundred images; a training or validation image shows it as seldom as it is.
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
  readonly questions: readonly Question[];
  /** Draws the image, `size` pixels a side. */
  render(size?: number): RasterImage;
}

/**
 * The example at `index` of a split: a function of its arguments alone, so examples may be made in any order, and no
 * two splits share one. Without `modality` the five go round. Every block of `5 / share` consecutive indices holds
 * exactly one rare finding per modality (stratified sampling), at random places.
 */
export function phantomCase(
  seed: number,
  split: PhantomSplit,
  index: number,
  modality: PhantomModality = PHANTOM_MODALITIES[index % PHANTOM_MODALITIES.length]!,
): PhantomCase {
  const lane = index % PHANTOM_MODALITIES.length;
  const turn = Math.floor(index / PHANTOM_MODALITIES.length);
  const period = Math.round(1 / RARE_SHARE[split]);
  const chosen = random(seed, 'rare', split, modality, lane, Math.floor(turn / period)).integer(period);
  const rare = turn % period === chosen ? 'present' : 'absent';
  return streamCase(seed, split, index, modality, { [MODELS[modality].rare.name]: rare });
}

/**
 * The example at `index` of a named stream, with some factors given. The finding's four factors belong together: give
 * all of them or none.
 */
export function streamCase(
  seed: number,
  stream: string,
  index: number,
  modality: PhantomModality,
  given: Factors = {},
): PhantomCase {
  const model = MODELS[modality];
  // A stream per use: what a caption draws can never change the image.
  const use = (name: string) => random(seed, 'phantom', stream, index, modality, name);
  const factors = { ...model.sample(use('factors')), ...given };
  return {
    modality,
    factors,
    caption: model.caption(factors, use('caption')),
    questions: model.questions(factors, use('questions')),
    render: (size = DEFAULT_SIZE) => model.render(factors, use('picture'), size),
  };
}
