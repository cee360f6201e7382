import { isMedbenchError, type Random, type RasterImage, random } from '@medbench/core';
import { describe, expect, it } from 'vitest';
import { colourJitter, horizontalFlip, inSequence, randomGrey, randomly, simclrTransform } from './simclr.js';

const noise = (width: number, height: number, channels: 1 | 3): RasterImage => {
  const stream = random(1, 'noise');
  const data = Uint8Array.from({ length: width * height * channels }, () => stream.integer(256));
  return { width, height, channels, data };
};
/** An image of one grey value or one colour. */
const plain = (...colour: number[]): RasterImage => ({
  width: 4,
  height: 4,
  channels: colour.length as 1 | 3,
  data: Uint8Array.from({ length: 16 * colour.length }, (_, i) => colour[i % colour.length]!),
});
const times = <T>(count: number, draw: (stream: Random) => T): T[] =>
  Array.from({ length: count }, (_, i) => draw(random(5, 'draw', i)));
const fraction = (values: readonly boolean[]): number => values.filter(Boolean).length / values.length;
const failure = (make: () => unknown): string => {
  try {
    make();
  } catch (error) {
    if (isMedbenchError(error) && error.code === 'config') return error.message;
    throw error;
  }
  throw new Error('nothing was refused');
};

describe('simclrTransform', () => {
  it.each([1, 3] as const)(
    'gives the same bytes for the same stream, and other bytes for another (%d channels)',
    (channels) => {
      const image = noise(50, 40, channels);
      const original = image.data.slice();
      const view = simclrTransform(24);
      const once = view(image, random(3, 'view', 0));
      expect(once).toMatchObject({ width: 24, height: 24, channels });
      expect(view(image, random(3, 'view', 0))).toEqual(once);
      expect(view(image, random(3, 'view', 1))).not.toEqual(once);
      expect(image.data).toEqual(original);
    },
  );

  // A ramp that brightens to the right, at a different rate in each channel: any crop shows flips and lost colour.
  const ramp: RasterImage = {
    width: 64,
    height: 64,
    channels: 3,
    data: Uint8Array.from({ length: 64 * 64 * 3 }, (_, i) => (Math.trunc(i / 3) % 64) * (2 + (i % 3) / 2)),
  };
  const mirrored = ({ data, width }: RasterImage): boolean => data[0]! > data[(width - 1) * 3]!;

  it('never flips by default, and flips half of the views on request', () => {
    const unflipped = simclrTransform(8);
    const flipping = simclrTransform(8, { flip: true });
    expect(times(600, (stream) => mirrored(unflipped(ramp, stream))).some(Boolean)).toBe(false);
    // Standard error 0.02.
    expect(Math.abs(fraction(times(600, (stream) => mirrored(flipping(ramp, stream)))) - 0.5)).toBeLessThan(0.08);
  });

  it('applies each step with the probability that SLIP publishes', () => {
    const none = {
      jitterProbability: 0,
      greyProbability: 0,
      blurProbability: 0,
      scale: [1, 1],
      ratio: [1, 1],
    } as const;
    const changed = (options: object): number => {
      const view = simclrTransform(64, { ...none, ...options });
      return fraction(times(600, (stream) => Buffer.compare(view(ramp, stream).data, ramp.data) !== 0));
    };
    expect(changed({})).toBe(0);
    expect(Math.abs(changed({ jitterProbability: undefined }) - 0.8)).toBeLessThan(0.07);
    expect(Math.abs(changed({ greyProbability: undefined }) - 0.2)).toBeLessThan(0.07);
    expect(Math.abs(changed({ blurProbability: undefined, blurSigma: [1, 2] }) - 0.5)).toBeLessThan(0.08);
  });

  it('refuses invalid probabilities, strengths and ranges', () => {
    expect(failure(() => simclrTransform(8, { jitterProbability: 1.1 }))).toMatch(/1\.1 is not a probability/);
    expect(failure(() => simclrTransform(8, { blurProbability: Number.NaN }))).toMatch(/NaN is not a probability/);
    expect(failure(() => simclrTransform(8, { jitter: { hue: 0.6 } }))).toMatch(/hue of 0\.6/);
    expect(failure(() => colourJitter({ contrast: -1 }))).toMatch(/contrast of -1/);
    expect(failure(() => simclrTransform(8, { blurSigma: [2, 1] }))).toMatch(/2 to 1 pixels is not a range/);
  });
});

describe('colourJitter', () => {
  it('draws factors uniformly between 1 - strength and 1 + strength', () => {
    const jitter = colourJitter({ brightness: 0.4 });
    const values = times(2000, (stream) => jitter(plain(100), stream).data[0]!);
    expect(Math.min(...values)).toBeGreaterThanOrEqual(60);
    expect(Math.max(...values)).toBeLessThanOrEqual(140);
    // Quarters of the range; the standard error of a share is 0.01. Values are truncated, so half a level is lost.
    for (const bound of [80, 100, 120]) {
      expect(Math.abs(fraction(values.map((value) => value < bound)) - (bound - 60) / 80)).toBeLessThan(0.04);
    }
    // A strength of 5 draws from 0 to 6, because a factor below 0 would give a negative. Factors above 2.55, 3.45 of
    // the 6, give white.
    const strong = times(2000, (stream) => colourJitter({ brightness: 5 })(plain(100), stream).data[0]!);
    expect(Math.abs(fraction(strong.map((value) => value === 255)) - 3.45 / 6)).toBeLessThan(0.05);
  });

  it('takes either order equally often', () => {
    // The image is one black and one white pixel. Take draws with brightness above 1 and contrast below 1. If
    // brightness comes first, white is clipped to 255, and contrast then keeps the sum of the two pixels near 255. If
    // contrast comes first, the sum is 255 times the brightness. A quarter of the draws have such factors, and half of
    // these apply brightness first. Few of the other draws come so near to 255.
    const image: RasterImage = { width: 2, height: 1, channels: 1, data: Uint8Array.of(0, 255) };
    const jitter = colourJitter({ brightness: 0.5, contrast: 0.5 });
    const clipped = times(4000, (stream) => {
      const [black, white] = jitter(image, stream).data;
      return black! > 0 && Math.abs(black! + white! - 255) <= 1;
    });
    expect(fraction(clipped)).toBeGreaterThan(0.11);
    expect(fraction(clipped)).toBeLessThan(0.16);
  });

  it('uses as many random numbers for grey images as for colour images', () => {
    const jitter = colourJitter({ brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1 });
    const [a, b] = [random(1, 'x'), random(1, 'x')];
    jitter(plain(10), a);
    jitter(plain(10, 20, 30), b);
    expect(a.uniform()).toBe(b.uniform());
  });
});

describe('helpers of simclrTransform', () => {
  it('randomGrey and randomly act with their probability', () => {
    const grey = randomGrey(0.3);
    const results = times(1000, (stream) => grey(plain(10, 20, 30), stream).data);
    expect(Math.abs(fraction(results.map(([red, green]) => red === green)) - 0.3)).toBeLessThan(0.06);
    const image = plain(1, 2, 3);
    expect(times(20, (stream) => randomly(0, horizontalFlip)(image, stream)).every((view) => view === image)).toBe(
      true,
    );
    expect(times(20, (stream) => randomly(1, horizontalFlip)(image, stream)).some((view) => view === image)).toBe(
      false,
    );
  });

  it('inSequence applies transforms from left to right', () => {
    const add: (n: number) => (image: RasterImage) => RasterImage = (n) => (image) => ({
      ...image,
      data: image.data.map((value) => value * 2 + n),
    });
    expect(inSequence(add(1), add(0))(plain(5), random(1, 'x')).data[0]).toBe(22);
  });

  it('horizontalFlip applied twice gives the image', () => {
    const image = noise(7, 5, 3);
    expect(horizontalFlip(image)).not.toEqual(image);
    expect(horizontalFlip(horizontalFlip(image))).toEqual(image);
  });
});
