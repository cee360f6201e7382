import { Control, type EvaluationModel, type Matrix, type RasterImage, type Source } from '@medbench/core';
import { resize, toRgb } from '@medbench/data';
import { fixedModel } from './fixed-model.js';

/**
 * Sides to which images are resized. MedMNIST images already have the grey side. The colour side gives about as many
 * numbers per image.
 */
const SIDE = { grey: 28, colour: 16 } as const;

/** Returns the pixels in [0, 1] as features: `[N, 784]`, or `[N, 768]` if any image has colour. */
async function pixels(images: Source<RasterImage>): Promise<Matrix> {
  const loaded: RasterImage[] = [];
  for (let i = 0; i < images.length; i++) {
    const image = await images.get(i);
    loaded.push(image.width === SIDE.grey && image.height === SIDE.grey ? image : resize(image, SIDE.grey, SIDE.grey));
  }
  const grey = loaded.every(({ channels }) => channels === 1);
  const features = grey ? loaded : loaded.map((image) => resize(toRgb(image), SIDE.colour, SIDE.colour));
  const cols = features[0]?.data.length ?? 0;
  const data = new Float32Array(features.length * cols);
  features.forEach((image, row) => {
    for (let i = 0; i < cols; i++) data[row * cols + i] = image.data[i]! / 255;
  });
  return { rows: features.length, cols, data };
}

/** Raw pixels as features, which a classifier of a trained encoder's features must beat. */
@Control({
  id: 'raw-pixels',
  title: 'Raw pixels',
  protocols: ['linear-probe', 'knn', 'simple-shot', 'linear-probe-corruptions'],
  needsTowers: false,
  source: "the protocol's classifier on pixels in [0, 1], 28 x 28 grey or 16 x 16 colour",
})
export class RawPixels implements Control {
  async model(): Promise<EvaluationModel> {
    return fixedModel({ id: 'raw-pixels', images: pixels, refusal: 'Raw pixels share no space with text' });
  }
}
