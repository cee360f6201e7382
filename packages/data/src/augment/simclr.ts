import { MedbenchError, type Random, type RasterImage } from '@medbench/core';
import { type CropOptions, type RandomImageTransform, randomResizedCrop } from '../transform.js';
import { gaussianBlur } from './blur.js';
import { adjustBrightness, adjustContrast, adjustHue, adjustSaturation, greyscale } from './colour.js';

/**
 * Half-widths of the ranges that factors are drawn from: 0.4 means factors of 0.6 to 1.4, and hue shifts of -0.4 to 0.4
 * turns.
 */
export interface JitterStrength {
  readonly brightness?: number;
  readonly contrast?: number;
  readonly saturation?: number;
  /** At most 0.5. */
  readonly hue?: number;
}

/** Options of SimCLR's views. Defaults are those of SLIP (Mu et al. 2021), except for the flip. */
export interface SimclrOptions extends CropOptions {
  /** Default: brightness, contrast and saturation 0.4, hue 0.1. */
  readonly jitter?: JitterStrength;
  /** Default 0.8. */
  readonly jitterProbability?: number;
  /** Default 0.2. */
  readonly greyProbability?: number;
  /** Default 0.5. */
  readonly blurProbability?: number;
  /** Range of the blur's standard deviation in pixels. Default [0.1, 2]. */
  readonly blurSigma?: readonly [number, number];
  /**
   * Mirror half of the views. Default false: mirroring a radiograph swaps left and right and puts the heart on the
   * wrong side, so that a caption that names a side becomes false.
   */
  readonly flip?: boolean;
}

/** Mirrors the image: left becomes right. */
export function horizontalFlip(image: RasterImage): RasterImage {
  const { width, channels, data } = image;
  const result = new Uint8Array(data.length);
  const across = width * channels;
  for (let row = 0; row < data.length; row += across) {
    for (let x = 0; x < across; x += channels) {
      const from = row + across - channels - x;
      for (let c = 0; c < channels; c++) result[row + x + c] = data[from + c]!;
    }
  }
  return { ...image, data: result };
}

/**
 * Changes brightness, contrast, saturation and hue by random factors in a random order, each rounded to 8 bits
 * (torchvision's `ColorJitter`). All factors are drawn whether or not they act, so that images with and without colour
 * use equally many random numbers.
 * @throws MedbenchError('config') for a negative strength, or a hue beyond 0.5.
 */
export function colourJitter(strength: JitterStrength): RandomImageTransform {
  const { brightness = 0, contrast = 0, saturation = 0, hue = 0 } = strength;
  for (const [name, value] of Object.entries({ brightness, contrast, saturation, hue })) {
    if (value >= 0 && (name !== 'hue' || value <= 0.5)) continue;
    throw new MedbenchError('config', `A colour jitter cannot have a ${name} of ${value}`, {
      hint: `Give a number from 0${name === 'hue' ? ' to 0.5' : ''}.`,
    });
  }
  const steps = [
    { adjust: adjustBrightness, range: aroundOne(brightness), acts: brightness > 0 },
    { adjust: adjustContrast, range: aroundOne(contrast), acts: contrast > 0 },
    { adjust: adjustSaturation, range: aroundOne(saturation), acts: saturation > 0 },
    { adjust: adjustHue, range: [-hue, hue] as const, acts: hue > 0 },
  ];
  return (image, random) => {
    const order = random.permutation(steps.length);
    const factors = steps.map(({ range }) => between(random, range));
    return order.reduce((view, index) => {
      const { adjust, acts } = steps[index]!;
      return acts ? adjust(view, factors[index]!) : view;
    }, image);
  };
}

/** Removes the colour with the given probability (torchvision's `RandomGrayscale`); grey images stay unchanged. */
export function randomGrey(probability: number): RandomImageTransform {
  return randomly(probability, greyscale);
}

/**
 * Applies the transform with the given probability, otherwise returns the image. One random number is drawn for the
 * choice.
 * @throws MedbenchError('config') if the probability is not from 0 to 1.
 */
export function randomly(probability: number, transform: RandomImageTransform): RandomImageTransform {
  if (!(probability >= 0 && probability <= 1)) {
    throw new MedbenchError('config', `${probability} is not a probability`, { hint: 'Give a number from 0 to 1.' });
  }
  return (image, random) => (random.uniform() < probability ? transform(image, random) : image);
}

/** Applies the transforms one after the other, all with the same stream of random numbers. */
export function inSequence(...transforms: readonly RandomImageTransform[]): RandomImageTransform {
  return (image, random) => transforms.reduce((view, transform) => transform(view, random), image);
}

/**
 * A view of `size * size` for SimCLR (Chen et al. 2020) as in SLIP: a random resized crop of 8 to 100% of the area,
 * then colour jitter, grey and Gaussian blur, each with its probability, and a flip only on request. Crops are resized
 * bicubically, as in all other views here (SLIP's code leaves torchvision's default, bilinear).
 * @throws MedbenchError('config') for invalid probabilities, strengths or ranges.
 */
export function simclrTransform(
  size: number,
  {
    scale = [0.08, 1],
    ratio = [3 / 4, 4 / 3],
    jitter = { brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1 },
    jitterProbability = 0.8,
    greyProbability = 0.2,
    blurProbability = 0.5,
    blurSigma = [0.1, 2],
    flip = false,
  }: SimclrOptions = {},
): RandomImageTransform {
  if (!(blurSigma[0] >= 0 && blurSigma[0] <= blurSigma[1])) {
    throw new MedbenchError('config', `A blur of ${blurSigma[0]} to ${blurSigma[1]} pixels is not a range`);
  }
  return inSequence(
    (image, random) => randomResizedCrop(image, size, random, { scale, ratio }),
    randomly(jitterProbability, colourJitter(jitter)),
    randomGrey(greyProbability),
    randomly(blurProbability, (image, random) => gaussianBlur(image, between(random, blurSigma))),
    randomly(flip ? 0.5 : 0, horizontalFlip),
  );
}

const aroundOne = (strength: number): readonly [number, number] => [Math.max(0, 1 - strength), 1 + strength];

const between = (random: Random, [low, high]: readonly [number, number]): number =>
  low + (high - low) * random.uniform();
