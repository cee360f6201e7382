import type { Random, RasterImage } from '@medbench/core';
import type { Shape } from './shapes.js';

/** Red, green and blue, each in 0..1. */
export type Colour = readonly [red: number, green: number, blue: number];
/** A value at each point (x, y) of the unit square. */
export type Field = (x: number, y: number) => number;

/** The grey colour of a brightness in 0..1. */
export const grey = (value: number): Colour => [value, value, value];

/** Linear interpolation of two colours: `a` at t = 0, `b` at t = 1. */
export const mix = (a: Colour, b: Colour, t: number): Colour => [
  a[0] + (b[0] - a[0]) * t,
  a[1] + (b[1] - a[1]) * t,
  a[2] + (b[2] - a[2]) * t,
];

/** A colour with every channel multiplied by `factor`. */
export const scaled = (colour: Colour, factor: number): Colour => [
  colour[0] * factor,
  colour[1] * factor,
  colour[2] * factor,
];

/** A square image that shapes are painted on: floating-point values in 0..1 over the unit square. */
export class Canvas {
  readonly #pixels: Float32Array;

  constructor(
    readonly size: number,
    readonly channels: 1 | 3,
    background: Colour,
  ) {
    this.#pixels = new Float32Array(size * size * channels);
    const pixels = this.#pixels;
    const [red, green, blue] = background;
    if (channels === 1) {
      pixels.fill(red);
      return;
    }
    for (let offset = 0; offset < pixels.length; offset += 3) {
      pixels[offset] = red;
      pixels[offset + 1] = green;
      pixels[offset + 2] = blue;
    }
  }

  /** Covers the shape with a colour. */
  paint(shape: Shape, colour: Colour, opacity = 1): void {
    this.#blend(shape, colour, opacity, -1);
  }

  /** Adds an amount to each channel inside the shape, as overlapping tissue on an X-ray or light on a surface does. */
  add(shape: Shape, amount: Colour): void {
    this.#blend(shape, amount, 1, 0);
  }

  /** Adds `field` times `amount` to every pixel. */
  addField(field: Field, amount: Colour): void {
    const { size, channels } = this;
    const pixels = this.#pixels;
    const [red, green, blue] = amount;
    for (let row = 0, offset = 0; row < size; row++) {
      const y = (row + 0.5) / size;
      for (let column = 0; column < size; column++, offset += channels) {
        const value = field((column + 0.5) / size, y);
        pixels[offset]! += value * red;
        if (channels === 1) continue;
        pixels[offset + 1]! += value * green;
        pixels[offset + 2]! += value * blue;
      }
    }
  }

  /** Multiplies every channel of every pixel by `field`. */
  multiply(field: Field): void {
    const { size, channels } = this;
    const pixels = this.#pixels;
    for (let row = 0, offset = 0; row < size; row++) {
      const y = (row + 0.5) / size;
      for (let column = 0; column < size; column++) {
        const value = field((column + 0.5) / size, y);
        for (let c = 0; c < channels; c++, offset++) pixels[offset]! *= value;
      }
    }
  }

  /** Adds independent noise of standard deviation `deviation`, the same in all channels of a pixel. */
  grain(random: Random, deviation: number): void {
    const noise = fastNoise(random);
    const { channels } = this;
    const pixels = this.#pixels;
    for (let offset = 0; offset < pixels.length; ) {
      const value = noise() * deviation;
      for (let c = 0; c < channels; c++, offset++) pixels[offset]! += value;
    }
  }

  /** Multiplies by noise of standard deviation `deviation`, correlated over `stretch` pixels: ultrasound's speckle. */
  speckle(random: Random, deviation: number, stretch = 1.6): void {
    const noise = fastNoise(random);
    const { channels } = this;
    const pixels = this.#pixels;
    const keep = 1 - 1 / stretch;
    const gain = Math.sqrt(1 - keep * keep);
    let last = 0;
    for (let offset = 0; offset < pixels.length; ) {
      last = keep * last + gain * noise();
      const value = Math.max(0, 1 + deviation * last);
      for (let c = 0; c < channels; c++, offset++) pixels[offset]! *= value;
    }
  }

  /** Changes contrast and brightness of the whole image: `value * gain + offset`. */
  expose(gain: number, offset: number): void {
    for (let i = 0; i < this.#pixels.length; i++) this.#pixels[i] = this.#pixels[i]! * gain + offset;
  }

  /** The image in 8 bits, values clipped to 0..255. */
  toImage(): RasterImage {
    const pixels = this.#pixels;
    const rounded = new Uint8ClampedArray(pixels.length);
    for (let i = 0; i < pixels.length; i++) rounded[i] = pixels[i]! * 255;
    return { width: this.size, height: this.size, channels: this.channels, data: new Uint8Array(rounded.buffer) };
  }

  /** Sets `pixel += (colour + keep * pixel) * coverage * opacity`; `keep` is -1 to cover and 0 to add. */
  #blend(shape: Shape, colour: Colour, opacity: number, keep: -1 | 0): void {
    const { size, channels } = this;
    const pixels = this.#pixels;
    const [red, green, blue] = colour;
    const x0 = Math.max(0, Math.floor(shape.left * size));
    const x1 = Math.min(size, Math.ceil(shape.right * size));
    const y0 = Math.max(0, Math.floor(shape.top * size));
    const y1 = Math.min(size, Math.ceil(shape.bottom * size));
    for (let row = y0; row < y1; row++) {
      const y = (row + 0.5) / size;
      for (let column = x0, offset = (row * size + x0) * channels; column < x1; column++, offset += channels) {
        const weight = shape.coverage((column + 0.5) / size, y) * opacity;
        if (weight <= 0) continue;
        pixels[offset]! += (red + keep * pixels[offset]!) * weight;
        if (channels === 1) continue;
        pixels[offset + 1]! += (green + keep * pixels[offset + 1]!) * weight;
        pixels[offset + 2]! += (blue + keep * pixels[offset + 2]!) * weight;
      }
    }
  }
}

/**
 * Returns a source of noise of mean 0 and variance 1 with a triangular density, from the mulberry32 generator. Noise is
 * drawn for every pixel, and exact normals from the main stream would cost more than the rest of the image.
 */
function fastNoise(random: Random): () => number {
  let state = Math.floor(random.uniform() * 4294967296) | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    value ^= value >>> 14;
    // The sum of two uniform 16-bit halves has the variance 2^32 / 6.
    return ((value & 0xffff) + (value >>> 16) - 65535) * (2.449489742783178 / 65536);
  };
}

/** Smooth noise in -1..1 over the unit square, with `cells` bumps along each side: an interpolated random grid. */
export function smoothNoise(random: Random, cells: number): Field {
  const columns = cells + 2;
  const grid = Float32Array.from({ length: columns * columns }, () => 2 * random.uniform() - 1);
  return (x, y) => {
    const u = x * cells;
    const v = y * cells;
    const column = Math.floor(u);
    const row = Math.floor(v);
    let s = u - column;
    let t = v - row;
    s = s * s * (3 - 2 * s);
    t = t * t * (3 - 2 * t);
    const corner = row * columns + column;
    const top = grid[corner]! + (grid[corner + 1]! - grid[corner]!) * s;
    const low = grid[corner + columns]! + (grid[corner + columns + 1]! - grid[corner + columns]!) * s;
    return top + (low - top) * t;
  };
}
