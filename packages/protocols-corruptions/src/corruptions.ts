import { type Random, type RasterImage, random, type Source } from '@medbench/core';
import { mapSource, resizeShorterSide } from '@medbench/data';
import { defocusBlur, motionBlur } from './blur.js';
import { compress, pixelate } from './coding.js';
import { toImage } from './levels.js';
import { gaussianNoise, shotNoise } from './noise.js';
import { brighten, lowerContrast } from './tone.js';

/** Shorter side in pixels for which the strengths were published. */
const PUBLISHED_SIDE = 224;

interface Corruption<Strength> {
  /** Strength at severities 1 to 5, by Hendrycks and Dietterich (2019). */
  readonly strengths: readonly [Strength, Strength, Strength, Strength, Strength];
  /** @param scale shorter side over that for which the strengths were published. @param stream of this image. */
  apply(image: RasterImage, strength: Strength, scale: number, stream: Random): RasterImage | Promise<RasterImage>;
}

const corruption = <Strength>(given: Corruption<Strength>): Corruption<Strength> => given;

/**
 * Corruptions of images after Hendrycks and Dietterich (2019, arXiv:1903.12261), with their strengths for images whose
 * shorter side has 224 pixels. Their blurs of glass and zoom, weather and elastic deformation are left out: no scanner,
 * microscope or camera in a hospital makes them.
 */
const TABLE = {
  'gaussian-noise': corruption({
    strengths: [0.08, 0.12, 0.18, 0.26, 0.38],
    apply: (image, deviation, _, stream) => toImage(gaussianNoise(image, deviation, () => stream.normal())),
  }),
  'shot-noise': corruption({
    strengths: [60, 25, 12, 5, 3],
    apply: (image, photons, _, stream) => toImage(shotNoise(image, photons, () => stream.uniform())),
  }),
  'defocus-blur': corruption({
    strengths: [
      [3, 0.1],
      [4, 0.5],
      [6, 0.5],
      [8, 0.5],
      [10, 0.5],
    ],
    apply: (image, [radius = 0, softness = 0], scale) => toImage(defocusBlur(image, radius * scale, softness)),
  }),
  'motion-blur': corruption({
    strengths: [
      [10, 3],
      [15, 5],
      [15, 8],
      [15, 12],
      [20, 15],
    ],
    apply(image, [radius = 0, sigma = 0], scale, stream) {
      const angle = -45 + 90 * stream.uniform();
      return toImage(motionBlur(image, Math.round(radius * scale), sigma * scale, angle));
    },
  }),
  brightness: corruption({
    strengths: [0.1, 0.2, 0.3, 0.4, 0.5],
    apply: (image, shift) => toImage(brighten(image, shift)),
  }),
  contrast: corruption({
    strengths: [0.4, 0.3, 0.2, 0.1, 0.05],
    apply: (image, factor) => toImage(lowerContrast(image, factor)),
  }),
  jpeg: corruption({ strengths: [25, 18, 15, 10, 7], apply: compress }),
  pixelate: corruption({ strengths: [0.6, 0.5, 0.4, 0.3, 0.25], apply: pixelate }),
} as const;

/** Name of a corruption. */
export type CorruptionId = keyof typeof TABLE;
/** Names of all corruptions, in the order of results. */
export const CORRUPTIONS = Object.keys(TABLE) as readonly CorruptionId[];

/** State in which images are measured: only resized, or under a corruption of severity 1 to 5. */
export type Condition = 'clean' | { readonly corruption: CorruptionId; readonly severity: number };

/**
 * Corrupts an image. The same image, condition and index give the same result on every machine; JPEG depends on the
 * version of the codec.
 * @param index of the image in its split, which decides the random numbers.
 */
export async function corrupt(
  image: RasterImage,
  { corruption: id, severity }: Exclude<Condition, 'clean'>,
  index: number,
): Promise<RasterImage> {
  const { strengths, apply } = TABLE[id] as Corruption<unknown>;
  const scale = Math.min(image.width, image.height) / PUBLISHED_SIDE;
  return apply(image, strengths[severity - 1], scale, random(0, 'corruption', id, severity, index));
}

/**
 * The images of a split under a condition. Their shorter sides are first resized to `side` (bicubic), so that the same
 * severity means the same for images of any size.
 */
export const underCondition = (images: Source<RasterImage>, condition: Condition, side: number): Source<RasterImage> =>
  mapSource(images, async (image, index) => {
    const resized = resizeShorterSide(image, side);
    return condition === 'clean' ? resized : corrupt(resized, condition, index);
  });

/**
 * Name of the embeddings of a split under a condition. It says all that the images depend on, because a run takes the
 * embeddings that it keeps under this name. Other pixels for the same condition need another name.
 */
export const conditionName = (split: string, condition: Condition, side: number): string =>
  condition === 'clean' ? `${split}-clean-${side}` : `${split}-${condition.corruption}-${condition.severity}-${side}`;
