import type { RasterImage } from '@medbench/core';

// Every function does in 8 bits what torchvision's function of the same name does to a Pillow image. Grey images have
// neither hue nor saturation: functions that change only these return them unchanged.

/** Luma of ITU-R 601 in 16-bit fixed point, rounded, as Pillow's `convert('L')`. */
const luma = (red: number, green: number, blue: number): number =>
  (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16;

/**
 * `from + factor * (to - from)` in single precision, truncated (not rounded) to 8 bits, as in Pillow's `Image.blend`.
 * The result is clipped to 0 to 255, since factors above 1 can lead beyond.
 */
function blend(from: number, to: number, factor: number): number {
  const value = Math.fround(from + Math.fround(factor * (to - from)));
  return value <= 0 ? 0 : value >= 255 ? 255 : Math.trunc(value);
}

/** Replaces every sample by its entry in the table. */
function lookUp(image: RasterImage, table: Uint8Array): RasterImage {
  return { ...image, data: image.data.map((value) => table[value]!) };
}

/** Moves every sample away from one grey value (factor above 1) or towards it (factor below 1). */
function stretch(image: RasterImage, centre: number, factor: number): RasterImage {
  const single = Math.fround(factor);
  return lookUp(
    image,
    Uint8Array.from({ length: 256 }, (_, value) => blend(centre, value, single)),
  );
}

/** Multiplies the brightness by `factor`; 0 gives black, 1 the same image (torchvision's `adjust_brightness`). */
export function adjustBrightness(image: RasterImage, factor: number): RasterImage {
  return stretch(image, 0, factor);
}

/**
 * Multiplies the contrast about the image's mean luma by `factor`; 0 gives plain grey (torchvision's
 * `adjust_contrast`).
 */
export function adjustContrast(image: RasterImage, factor: number): RasterImage {
  const { data, channels } = image;
  let sum = 0;
  for (let i = 0; i < data.length; i += channels) {
    sum += channels === 1 ? data[i]! : luma(data[i]!, data[i + 1]!, data[i + 2]!);
  }
  return stretch(image, Math.trunc(sum / (image.width * image.height) + 0.5), factor);
}

/**
 * Multiplies every pixel's distance from its own grey by `factor`; 0 gives `greyscale` (torchvision's
 * `adjust_saturation`).
 */
export function adjustSaturation(image: RasterImage, factor: number): RasterImage {
  if (image.channels === 1) return image;
  const single = Math.fround(factor);
  const { data } = image;
  const result = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i += 3) {
    const grey = luma(data[i]!, data[i + 1]!, data[i + 2]!);
    result[i] = blend(grey, data[i]!, single);
    result[i + 1] = blend(grey, data[i + 1]!, single);
    result[i + 2] = blend(grey, data[i + 2]!, single);
  }
  return { ...image, data: result };
}

/** Copies the luma into three equal channels (torchvision's `rgb_to_grayscale` with three output channels). */
export function greyscale(image: RasterImage): RasterImage {
  if (image.channels === 1) return image;
  const { data } = image;
  const result = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i += 3) {
    const grey = luma(data[i]!, data[i + 1]!, data[i + 2]!);
    result[i] = grey;
    result[i + 1] = grey;
    result[i + 2] = grey;
  }
  return { ...image, data: result };
}

const fround = Math.fround;

/**
 * Shifts the hue by `shift` turns, -1/2 to 1/2 (torchvision's `adjust_hue`). Hue and saturation are truncated to 8 bits
 * in between, as in Pillow's mode HSV, so that even a shift of 0 changes some pixels slightly.
 * @throws RangeError for a shift of more than half a turn.
 */
export function adjustHue(image: RasterImage, shift: number): RasterImage {
  if (!(Math.abs(shift) <= 0.5)) throw new RangeError(`A hue shift of ${shift} is not within -0.5 to 0.5`);
  if (image.channels === 1) return image;
  const steps = Math.trunc(shift * 255);
  const { data } = image;
  const result = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i += 3) {
    const red = data[i]!;
    const green = data[i + 1]!;
    const blue = data[i + 2]!;
    const value = Math.max(red, green, blue);
    const range = value - Math.min(red, green, blue);
    const saturation = range === 0 ? 0 : Math.trunc(fround(range / value) * 255);
    if (saturation === 0) {
      result.fill(value, i, i + 3);
      continue;
    }
    const sextants = (hueInBytes(red, green, blue, value, range) + steps) & 255;
    // Position on the circle of six colours: the sextant, and the fraction within it.
    const position = fround((sextants * 6) / 255);
    const sextant = Math.floor(position);
    const fraction = fround(position - sextant);
    const strength = fround(saturation / 255);
    const low = Math.round(value * (1 - strength));
    const falling = Math.round(value * (1 - fround(strength * fraction)));
    const rising = Math.round(value * (1 - strength * (1 - fraction)));
    switch (sextant % 6) {
      case 0:
        result[i] = value;
        result[i + 1] = rising;
        result[i + 2] = low;
        break;
      case 1:
        result[i] = falling;
        result[i + 1] = value;
        result[i + 2] = low;
        break;
      case 2:
        result[i] = low;
        result[i + 1] = value;
        result[i + 2] = rising;
        break;
      case 3:
        result[i] = low;
        result[i + 1] = falling;
        result[i + 2] = value;
        break;
      case 4:
        result[i] = rising;
        result[i + 1] = low;
        result[i + 2] = value;
        break;
      default:
        result[i] = value;
        result[i + 1] = low;
        result[i + 2] = falling;
    }
  }
  return { ...image, data: result };
}

/** Hue in 0 to 255, where 255 is a full turn, in single precision where Pillow uses it. */
function hueInBytes(red: number, green: number, blue: number, value: number, range: number): number {
  const r = fround((value - red) / range);
  const g = fround((value - green) / range);
  const b = fround((value - blue) / range);
  const sextants = fround(red === value ? b - g : green === value ? 2 + r - b : 4 + g - r);
  const turn = fround((sextants / 6 + 1) % 1);
  return Math.trunc(turn * 255);
}
