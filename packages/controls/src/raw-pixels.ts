import {
  Control,
  type EvaluationModel,
  type Matrix,
  MedbenchError,
  type RasterImage,
  type Source,
} from '@medbench/core';
import { resize, toRgb } from '@medbench/data';

/** Side to which pictures are brought; those of MedMNIST have it already. */
const SIDE = 28;

/** Pixels in [0, 1] as features, `[N, 28 * 28 * channels]`; grey if every picture is grey. */
async function pixels(images: Source<RasterImage>): Promise<Matrix> {
  const small: RasterImage[] = [];
  for (let i = 0; i < images.length; i++) {
    const image = await images.get(i);
    small.push(image.width === SIDE && image.height === SIDE ? image : resize(image, SIDE, SIDE));
  }
  const grey = small.every(({ channels }) => channels === 1);
  const cols = SIDE * SIDE * (grey ? 1 : 3);
  const data = new Float32Array(small.length * cols);
  small.forEach((image, row) => {
    const values = grey ? image.data : toRgb(image).data;
    for (let i = 0; i < cols; i++) data[row * cols + i] = values[i]! / 255;
  });
  return { rows: small.length, cols, data };
}

const noText = (): Promise<Matrix> =>
  Promise.reject(new MedbenchError('evaluation', 'Raw pixels share no space with text'));

/** Logistic regression on the pixels themselves: what a linear probe must beat to have learned anything. */
@Control({
  id: 'raw-pixels',
  title: 'Raw pixels',
  protocols: ['linear-probe'],
  source: 'logistic regression on 28 x 28 pixels in [0, 1]',
})
export class RawPixels implements Control {
  async model(): Promise<EvaluationModel> {
    return {
      id: 'raw-pixels',
      can: { images: true, texts: false, joint: false },
      logitScale: 1,
      imageFeatures: pixels,
      embedImages: pixels,
      embedTexts: noText,
    };
  }
}
