import { Control, type EvaluationModel, type Matrix, type RasterImage, type Source } from '@medbench/core';

/** Computes the mean brightness of each image, in 0..1: `[N, 1]`. */
async function brightness(images: Source<RasterImage>): Promise<Matrix> {
  const means = new Float32Array(images.length);
  for (let i = 0; i < images.length; i++) {
    const { data } = await images.get(i);
    means[i] = data.reduce((sum, value) => sum + value, 0) / (255 * data.length);
  }
  return { rows: images.length, cols: 1, data: means };
}

/** Sees only how bright an image is, which a trained method should beat: replace it by your own control. */
@Control({
  id: 'template-name',
  title: 'Template name',
  protocols: ['linear-probe'], // the protocols under which it is measured
  needsTowers: false, // true if it uses the encoders of the run
  source: 'logistic regression on the mean brightness', // for the report
})
export class TemplateName implements Control {
  async model(): Promise<EvaluationModel> {
    return {
      id: 'template-name',
      can: { images: true, texts: false, joint: false },
      logitScale: 1,
      imageFeatures: brightness,
      embedImages: brightness,
      embedTexts: () => Promise.reject(new Error('template-name sees no text')),
    };
  }
}
