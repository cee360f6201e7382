import type { RasterImage } from '@medbench/core';

/** An image whose levels are numbers from 0 to 1, row-major and interleaved. A corruption may leave that range. */
export interface Levels {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly data: Float64Array;
}

export const toLevels = ({ data, ...size }: RasterImage): Levels => ({
  ...size,
  data: Float64Array.from(data, (level) => level / 255),
});

/** Clips levels to 0…1 and rounds them to 8 bits. */
export const toImage = ({ data, ...size }: Levels): RasterImage => ({
  ...size,
  data: Uint8Array.from(data, (level) => Math.round(255 * Math.min(1, Math.max(0, level)))),
});
