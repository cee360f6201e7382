import { MedbenchError, type Random, type RasterImage } from '@medbench/core';
import { type CropBox, crop } from './crop.js';
import { boxResampling, partResampling, type ResampleKernel, type Resampling } from './filter.js';
import { resample, resize } from './resample.js';

/** Mean and standard deviation of each channel, in units of [0, 1]. */
export interface Normalisation {
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
}

export const CLIP_MEAN = [0.48145466, 0.4578275, 0.40821073] as const;
export const CLIP_STD = [0.26862954, 0.26130258, 0.27577711] as const;
/** The normalisation of OpenAI's CLIP. */
export const CLIP_NORMALISATION: Normalisation = { mean: CLIP_MEAN, std: CLIP_STD };

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
 * Resizes the shorter side to `side`, bicubic; a smaller image is enlarged. Both sides are multiplied by `side` over the
 * shorter one and rounded half to even, as in the study's training. An image of this size is returned unchanged.
 */
export const resizeShorterSideRounded = (image: RasterImage, side: number): RasterImage =>
  resize(image, ...shorterSideRounded(image, side));

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

/** Writes a normalised image into `target` from element `offset` on. @throws RangeError if there is no room. */
export type ImageWriter = (image: RasterImage, target: Float32Array, offset: number) => void;

/**
 * Writes an image into `target` from element `offset` on, `[height, width, 3]`. Grey is written to all three channels.
 * `normalisedLevels` has the values that `normaliser` writes for these bytes.
 * @throws RangeError if there is no room.
 */
export function writeBytes({ width, height, data, channels }: RasterImage, target: Uint8Array, offset: number): void {
  const pixels = width * height;
  if (offset + pixels * 3 > target.length) throw new RangeError(`No room for ${pixels} pixels at ${offset}`);
  if (channels === 3) target.set(data, offset);
  else for (let i = 0, out = offset; i < pixels; i++, out += 3) target.fill(data[i]!, out, out + 3);
}

/**
 * Returns a writer of (value / 255 - mean) / std, `[height, width, 3]`: one example of an NHWC batch. Grey is written
 * to all three channels. The table of all 256 levels is made once, here: use the same writer for all images of a batch.
 */
export function normaliser({ mean, std }: Normalisation = CLIP_NORMALISATION): ImageWriter {
  const table = new Int32Array(normalisedLevels({ mean, std }).buffer);
  return ({ width, height, data, channels }, target, offset) => {
    const pixels = width * height;
    if (offset + pixels * 3 > target.length) throw new RangeError(`No room for ${pixels} pixels at ${offset}`);
    // Copy the floats as integers of the same bits: a copy without conversion takes half the time.
    const bits = new Int32Array(target.buffer, target.byteOffset + offset * 4, pixels * 3);
    if (channels === 3) writeColours(data, table, bits);
    else writeGreys(data, table, bits);
  };
}

function writeColours(data: Uint8Array, table: Int32Array, bits: Int32Array): void {
  for (let i = 0; i < bits.length; i += 3) {
    bits[i] = table[data[i]!]!;
    bits[i + 1] = table[256 + data[i + 1]!]!;
    bits[i + 2] = table[512 + data[i + 2]!]!;
  }
}

function writeGreys(data: Uint8Array, table: Int32Array, bits: Int32Array): void {
  for (let i = 0, out = 0; out < bits.length; i++, out += 3) {
    const value = data[i]!;
    bits[out] = table[value]!;
    bits[out + 1] = table[256 + value]!;
    bits[out + 2] = table[512 + value]!;
  }
}

/** The normalised value, (value / 255 - mean) / std, of each of 256 levels in each channel. `[3, 256]` */
export function normalisedLevels({ mean, std }: Normalisation = CLIP_NORMALISATION): Float32Array<ArrayBuffer> {
  const table = new Float32Array(3 * 256);
  for (let c = 0; c < 3; c++) {
    const factor = 1 / (255 * std[c]!);
    const shift = mean[c]! / std[c]!;
    for (let level = 0; level < 256; level++) table[c * 256 + level] = level * factor - shift;
  }
  return table;
}

/**
 * CLIP's evaluation view: the shorter side is resized to `size`, then the middle is cut out.
 * @param kernel Default: bicubic.
 */
export function evaluationTransform(size: number, kernel: ResampleKernel = 'bicubic'): ImageTransform {
  return (image) => resample(image, evaluationResampling(image, size, kernel));
}

function evaluationResampling(image: ImageSize, size: number, kernel: ResampleKernel): Resampling {
  const [width, height] = shorterSideTo(image, size);
  return partResampling(image, width, height, centreBox(width, height, size), kernel);
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
 */
export function cropSteps(size: number, crop: TrainingCrop, largest: number): CropSteps {
  switch (crop.kind) {
    case 'resized': {
      const view = (image: ImageSize, random: Random): Resampling =>
        boxResampling(drawBox(image, random, crop.scale, CROP_RATIO), size, size);
      return {
        stored: (image) => shrink(image, largest),
        view: (image, random) => resample(image, view(image, random)),
        direct: (image, random) => (Math.min(image.width, image.height) > largest ? undefined : view(image, random)),
      };
    }
    case 'fixed': {
      const view = (image: ImageSize, random: Random): Resampling => {
        const [width, height] = shorterSideRounded(image, crop.side);
        return partResampling(image, width, height, randomBox(width, height, size, random));
      };
      return {
        // A strip is stored as it is, because its resized form would take gigabytes.
        stored: (image) => (isStrip(image) ? image : resizeShorterSideRounded(image, crop.side)),
        view: (image, random) => resample(image, view(image, random)),
        direct: view,
      };
    }
    case 'whole': {
      const view = (image: ImageSize): Resampling => evaluationResampling(image, size, 'bicubic');
      return { stored: evaluationTransform(size), view: (image) => image, direct: view };
    }
  }
}

/** Whether one side is so much longer than the other that no image of a patient has this shape. */
const isStrip = ({ width, height }: ImageSize): boolean => Math.max(width, height) > 64 * Math.min(width, height);

const shrink = (image: RasterImage, side: number): RasterImage =>
  Math.min(image.width, image.height) > side ? resizeShorterSide(image, side) : image;

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
