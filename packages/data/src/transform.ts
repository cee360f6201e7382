import {
  CLIP_PREPROCESSING,
  type ImagePreprocessing,
  MedbenchError,
  type Random,
  type RasterImage,
} from '@medbench/core';
import { type CropBox, crop } from './crop.js';
import { boxResampling, partResampling, type ResampleKernel, type Resampling } from './filter.js';
import { resample, resize } from './resample.js';

/** Brings an image to the size that an encoder takes. Channels stay unchanged. */
export type ImageTransform = (image: RasterImage) => RasterImage;
/** A random image transform, with one stream of random numbers per example. */
export type RandomImageTransform = (image: RasterImage, random: Random) => RasterImage;

export interface CropOptions {
  /** Range of the crop's share of the area. Default [0.9, 1], as in open_clip. */
  readonly scale?: readonly [number, number];
  /** Range of width over height, drawn on a logarithmic scale. Default [3/4, 4/3]. */
  readonly ratio?: readonly [number, number];
}

/**
 * Resizes the shorter side to `size` and the longer to floor(size * long / short) (torchvision's `Resize`).
 * @param kernel Default: bicubic.
 */
export const resizeShorterSide = (image: RasterImage, size: number, kernel?: ResampleKernel): RasterImage =>
  resize(image, ...shorterSideTo(image, size), undefined, kernel);

/** Width and height after `resizeShorterSide`. */
const shorterSideTo = ({ width, height }: ImageSize, size: number): [number, number] =>
  width <= height ? [size, Math.floor((size * height) / width)] : [Math.floor((size * width) / height), size];

/**
 * Resizes the shorter side to `side`, by default bicubic; a smaller image is enlarged. Both sides are multiplied by `side` over the
 * shorter one and rounded half to even, as in the study's training. An image of this size is returned unchanged.
 */
export const resizeShorterSideRounded = (image: RasterImage, side: number, kernel?: ResampleKernel): RasterImage =>
  resize(image, ...shorterSideRounded(image, side), undefined, kernel);

/** Width and height after `resizeShorterSideRounded`. */
function shorterSideRounded({ width, height }: ImageSize, side: number): [number, number] {
  const scale = side / Math.min(width, height);
  return [halfToEven(width * scale), halfToEven(height * scale)];
}

/**
 * Cuts out `size * size` pixels at a random place (torchvision's `RandomCrop` without padding, drawn from another
 * generator).
 * @throws MedbenchError('data') if a side is shorter than `size`.
 */
export const randomCrop = (image: RasterImage, size: number, random: Random): RasterImage =>
  crop(image, randomBox(image.width, image.height, size, random));

function randomBox(width: number, height: number, size: number, random: Random): CropBox {
  requireSides(width, height, size);
  const y = random.integer(height - size + 1);
  const x = random.integer(width - size + 1);
  return { x, y, width: size, height: size };
}

/** @throws MedbenchError('data') if a side is shorter than `size`. */
function requireSides(width: number, height: number, size: number): void {
  if (width >= size && height >= size) return;
  throw new MedbenchError('data', `An image of ${width} x ${height} is too small for a crop of ${size} x ${size}`, {
    hint: 'Resize its shorter side first.',
  });
}

/**
 * Cuts out the middle `size * size` pixels. Half of an odd margin is rounded to even, as in torchvision.
 * @throws MedbenchError('data') if a side is shorter than `size`.
 */
export const centreCrop = (image: RasterImage, size: number): RasterImage =>
  crop(image, centreBox(image.width, image.height, size));

function centreBox(width: number, height: number, size: number): CropBox {
  requireSides(width, height, size);
  return { x: halfToEven((width - size) / 2), y: halfToEven((height - size) / 2), width: size, height: size };
}

const CROP_RATIO = [3 / 4, 4 / 3] as const;

/**
 * A random part of the image, resized to `size * size` (torchvision's `RandomResizedCrop`: ten tries, then the largest
 * middle part of an allowed ratio).
 */
export function randomResizedCrop(
  image: RasterImage,
  size: number,
  random: Random,
  { scale = [0.9, 1], ratio = CROP_RATIO }: CropOptions = {},
): RasterImage {
  return resize(image, size, size, drawBox(image, random, scale, ratio));
}

/** Copies grey into three equal channels; returns RGB unchanged. */
export function toRgb(image: RasterImage): RasterImage {
  if (image.channels === 3) return image;
  const data = new Uint8Array(image.data.length * 3);
  for (let i = 0; i < image.data.length; i++) data.fill(image.data[i]!, i * 3, i * 3 + 3);
  return { ...image, channels: 3, data };
}

/** The part of a preprocessing that brings an image to its size. */
export type EvaluationView = Pick<ImagePreprocessing, 'interpolation' | 'resize' | 'crop'>;

/**
 * The evaluation view: the image is resized as `view` says, then its middle of `size * size` pixels is cut out. As
 * torchvision, open_clip and timm do it.
 * @param view Default: CLIP's, the shorter side to `size`, bicubic.
 */
export function evaluationTransform(size: number, view: EvaluationView = CLIP_PREPROCESSING): ImageTransform {
  return (image) => resample(image, evaluationResampling(image, size, view));
}

function evaluationResampling(
  image: ImageSize,
  size: number,
  { interpolation, resize, crop: share }: EvaluationView,
): Resampling {
  const side = Math.floor(size / share);
  const [width, height] = resize === 'squash' ? [side, side] : shorterSideTo(image, side);
  return partResampling(image, width, height, centreBox(width, height, size), interpolation);
}

/** open_clip's training view: a random resized crop of most of the image, no flip. */
export function trainingTransform(size: number, options: CropOptions = {}): RandomImageTransform {
  return (image, random) => randomResizedCrop(image, size, random, options);
}

/**
 * How training images are cropped. `resized`: a random part of the image, resized to the model's size, as open_clip.
 * `fixed`: the shorter side is resized to `side` pixels, enlarging too, and a random part of the model's size is cut
 * out, as in the study. `whole`: the evaluation view, which is not random.
 */
export type TrainingCrop =
  | { readonly kind: 'resized'; readonly scale: readonly [number, number] }
  | { readonly kind: 'fixed'; readonly side: number }
  | { readonly kind: 'whole' };

/** Width and height of an image, in pixels. */
export type ImageSize = Pick<RasterImage, 'width' | 'height'>;

/** The two steps from a decoded image to a training view. An image is cached between them. */
export interface CropSteps {
  /** Brings a decoded image to the form in which it is cached. It returns an image of that form unchanged. */
  readonly stored: ImageTransform;
  /** Crops an image in this form. */
  readonly view: RandomImageTransform;
  /**
   * Both steps in one, for a decoded image of this size: the part of it that the view shows, and how it is resampled. The
   * view has the same bytes. Undefined if the image would be shrunk before it is cropped.
   */
  readonly direct: (size: ImageSize, random: Random) => Resampling | undefined;
}

/**
 * The steps of a crop for a model that takes images of `size` pixels.
 * @param largest the `resized` crop first shrinks larger images to this shorter side; Infinity shrinks none.
 * @param evaluation the evaluation view, whose kernel resizes all crops. Default: CLIP's.
 */
export function cropSteps(
  size: number,
  crop: TrainingCrop,
  largest: number,
  evaluation: EvaluationView = CLIP_PREPROCESSING,
): CropSteps {
  const kernel = evaluation.interpolation;
  switch (crop.kind) {
    case 'resized': {
      const view = (image: ImageSize, random: Random): Resampling =>
        boxResampling(drawBox(image, random, crop.scale, CROP_RATIO), size, size, kernel);
      return {
        stored: (image) => shrink(image, largest, kernel),
        view: (image, random) => resample(image, view(image, random)),
        direct: (image, random) => (Math.min(image.width, image.height) > largest ? undefined : view(image, random)),
      };
    }
    case 'fixed': {
      const view = (image: ImageSize, random: Random): Resampling => {
        const [width, height] = shorterSideRounded(image, crop.side);
        return partResampling(image, width, height, randomBox(width, height, size, random), kernel);
      };
      return {
        // A strip is stored as it is, because its resized form would take gigabytes.
        stored: (image) => (isStrip(image) ? image : resizeShorterSideRounded(image, crop.side, kernel)),
        view: (image, random) => resample(image, view(image, random)),
        direct: view,
      };
    }
    case 'whole': {
      const view = (image: ImageSize): Resampling => evaluationResampling(image, size, evaluation);
      return { stored: evaluationTransform(size, evaluation), view: (image) => image, direct: view };
    }
  }
}

/** Whether one side is so much longer than the other that no image of a patient has this shape. */
const isStrip = ({ width, height }: ImageSize): boolean => Math.max(width, height) > 64 * Math.min(width, height);

const shrink = (image: RasterImage, side: number, kernel: ResampleKernel): RasterImage =>
  Math.min(image.width, image.height) > side ? resizeShorterSide(image, side, kernel) : image;

/** The part that torchvision's `RandomResizedCrop.get_params` takes, drawn in its order but from another generator. */
export function drawBox(
  image: ImageSize,
  random: Random,
  scale: readonly [number, number],
  ratio: readonly [number, number],
): CropBox {
  const logRatio = [Math.log(ratio[0]), Math.log(ratio[1])] as const;
  for (let attempt = 0; attempt < 10; attempt++) {
    const area = image.width * image.height * between(random, scale);
    const aspect = Math.exp(between(random, logRatio));
    const width = halfToEven(Math.sqrt(area * aspect));
    const height = halfToEven(Math.sqrt(area / aspect));
    if (width > 0 && width <= image.width && height > 0 && height <= image.height) {
      const y = random.integer(image.height - height + 1);
      const x = random.integer(image.width - width + 1);
      return { x, y, width, height };
    }
  }
  const aspect = image.width / image.height;
  const width = aspect > ratio[1] ? Math.max(1, halfToEven(image.height * ratio[1])) : image.width;
  const height = aspect < ratio[0] ? Math.max(1, halfToEven(image.width / ratio[0])) : image.height;
  return { x: (image.width - width) >> 1, y: (image.height - height) >> 1, width, height };
}

const between = (random: Random, [low, high]: readonly [number, number]): number =>
  low + (high - low) * random.uniform();

/**
 * The side of a `fixed` crop for a model that takes images of `size` pixels, from the side for 224 pixels: a smaller
 * model sees the same part of an image. At least `size`.
 */
export const scaledSide = (side: number, size: number): number => Math.max(size, halfToEven((side * size) / 224));

/** Rounds half to even, like Python's `round`. */
function halfToEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
