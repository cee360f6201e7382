import { readFileSync } from 'node:fs';
import type { RasterImage } from '@medbench/core';
import { fromArray } from '@medbench/data';
import { describe, expect, it } from 'vitest';
import { defocusBlur, motionBlur } from './blur.js';
import { compress, pixelate } from './coding.js';
import { CORRUPTIONS, conditionName, corrupt, underCondition } from './corruptions.js';
import { type Levels, toImage } from './levels.js';
import { gaussianNoise, shotNoise } from './noise.js';
import { brighten, lowerContrast } from './tone.js';

type Values = readonly number[];
/** Written by scripts/oracles/corruptions.py. */
interface Fixture {
  readonly width: number;
  readonly height: number;
  readonly cases: readonly {
    readonly channels: 1 | 3;
    readonly image: Values;
    readonly normals: Values;
    readonly uniforms: Values;
    readonly gaussianNoise: { readonly deviation: number; readonly levels: Values };
    readonly shotNoise: readonly { readonly photons: number; readonly levels: Values }[];
    readonly defocusBlur: readonly { readonly radius: number; readonly softness: number; readonly levels: Values }[];
    readonly motionBlur: readonly {
      readonly radius: number;
      readonly sigma: number;
      readonly angle: number;
      readonly levels: Values;
    }[];
    readonly brightness: { readonly shift: number; readonly levels: Values };
    readonly contrast: { readonly factor: number; readonly levels: Values };
    readonly pixelate: readonly { readonly share: number; readonly image: Values }[];
    readonly jpeg: { readonly quality: number; readonly image: Values };
  }[];
}
const { width, height, cases } = JSON.parse(
  readFileSync(new URL('../fixtures/corruptions.json', import.meta.url), 'utf8'),
) as Fixture;

const draws = (values: Values): (() => number) => {
  let next = 0;
  return () => values[next++]!;
};

describe.each(cases)('corruptions of an image of $channels channels', ({ channels, image: values, ...expected }) => {
  const image: RasterImage = { width, height, channels, data: Uint8Array.from(values) };
  const furthest = (got: ArrayLike<number>, wanted: Values): number =>
    wanted.reduce((far, value, i) => Math.max(far, Math.abs(value - got[i]!)), got.length === wanted.length ? 0 : 1e9);
  /** Blurs, tones and noise are compared before they are clipped, but for brightness, which clips by itself. */
  const expectLevels = ({ data }: Levels, wanted: Values) => expect(furthest(data, wanted)).toBeLessThan(1e-9);

  it('add the noise of NumPy and scipy', () => {
    const { deviation, levels } = expected.gaussianNoise;
    expectLevels(gaussianNoise(image, deviation, draws(expected.normals)), levels);
    for (const { photons, levels: counted } of expected.shotNoise)
      expectLevels(shotNoise(image, photons, draws(expected.uniforms)), counted);
  });

  it('blur as scipy does', () => {
    for (const { radius, softness, levels } of expected.defocusBlur)
      expectLevels(defocusBlur(image, radius, softness), levels);
    for (const { radius, sigma, angle, levels } of expected.motionBlur)
      expectLevels(motionBlur(image, radius, sigma, angle), levels);
  });

  it('change tones as colorsys and NumPy do', () => {
    expectLevels(brighten(image, expected.brightness.shift), expected.brightness.levels);
    expectLevels(lowerContrast(image, expected.contrast.factor), expected.contrast.levels);
  });

  it('lose detail as with Pillow', async () => {
    for (const { share, image: coarse } of expected.pixelate) expect([...pixelate(image, share).data]).toEqual(coarse);
    // Both encoders have the same tables. Their transforms may differ in the last bit of a coefficient.
    const { data } = await compress(image, expected.jpeg.quality);
    expect(furthest(data, expected.jpeg.image)).toBeLessThanOrEqual(3);
  });

  it('are the same again for one image, and other noise for the next', async () => {
    for (const corruption of CORRUPTIONS) {
      const first = await corrupt(image, { corruption, severity: 3 }, 0);
      expect(await corrupt(image, { corruption, severity: 3 }, 0)).toEqual(first);
      const other = await corrupt(image, { corruption, severity: 3 }, 1);
      // Two angles of motion may round to the same steps in an image as small as this one.
      if (corruption !== 'motion-blur') {
        expect(Buffer.compare(first.data, other.data) !== 0, corruption).toBe(corruption.endsWith('noise'));
      }
      expect([first.width, first.height, first.channels]).toEqual([width, height, channels]);
    }
  });

  it('grow with the severity', async () => {
    const distance = async (corruption: (typeof CORRUPTIONS)[number], severity: number) => {
      const { data } = await corrupt(image, { corruption, severity }, 0);
      return data.reduce((sum, level, i) => sum + Math.abs(level - image.data[i]!), 0);
    };
    for (const corruption of ['gaussian-noise', 'shot-noise', 'brightness', 'contrast', 'jpeg'] as const)
      expect(await distance(corruption, 5)).toBeGreaterThan(await distance(corruption, 1));
  });
});

describe('a split under a condition', () => {
  const [grey] = cases;
  const image: RasterImage = { width, height, channels: 1, data: Uint8Array.from(grey!.image) };

  it('is resized before it is corrupted, and not otherwise changed if it is clean', async () => {
    const small = await underCondition(fromArray([image]), 'clean', 8).get(0);
    expect([small.width, small.height]).toEqual([10, 8]);
    expect(await underCondition(fromArray([image]), 'clean', height).get(0)).toEqual(image);
    const condition = { corruption: 'contrast', severity: 5 } as const;
    expect(await underCondition(fromArray([image]), condition, 8).get(0)).toEqual(await corrupt(small, condition, 0));
  });

  it('has a name that says all that its images depend on', () => {
    expect(conditionName('test', 'clean', 224)).toBe('test-clean-224');
    expect(conditionName('val', { corruption: 'jpeg', severity: 2 }, 64)).toBe('val-jpeg-2-64');
  });

  it('is clipped and rounded', () => {
    const levels = { width: 5, height: 1, channels: 1, data: Float64Array.of(-1, 0.4 / 255, 0.6 / 255, 1, 2) } as const;
    expect([...toImage(levels).data]).toEqual([0, 0, 1, 255, 255]);
  });
});
