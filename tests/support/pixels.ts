import type { EvaluationModel, Matrix, RasterImage, Source } from '@medbench/core';
import { resize, toRgb } from '@medbench/data';

const SIDE = 10;

/** A model that embeds an image as 10 x 10 coloured pixels. It has no text tower, but a probe can learn from it. */
export function pixelModel(): EvaluationModel {
  const features = async (images: Source<RasterImage>): Promise<Matrix> => {
    const cols = SIDE * SIDE * 3;
    const data = new Float32Array(images.length * cols);
    for (let i = 0; i < images.length; i++) {
      const small = toRgb(resize(await images.get(i), SIDE, SIDE));
      for (let j = 0; j < cols; j++) data[i * cols + j] = small.data[j]! / 255 - 0.5;
    }
    return { rows: images.length, cols, data };
  };
  return {
    id: 'pixels',
    can: { images: true, texts: false, joint: false },
    logitScale: 1,
    embedImages: features,
    imageFeatures: features,
    embedTexts: async () => ({ rows: 0, cols: SIDE * SIDE * 3, data: new Float32Array(0) }),
  };
}
