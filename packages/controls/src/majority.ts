import {
  Control,
  type EvaluationModel,
  type Matrix,
  MedbenchError,
  type RasterImage,
  type Source,
} from '@medbench/core';

/** The same for every picture, so that a classifier is left with how often each answer occurs. */
const constant = async ({ length }: Source<RasterImage>): Promise<Matrix> => ({
  rows: length,
  cols: 1,
  data: new Float32Array(length).fill(1),
});

/** Always the most common class or answer of the training split. */
@Control({
  id: 'majority',
  title: 'Majority',
  protocols: ['linear-probe', 'vqa'],
  source: 'the classifier of the protocol on a constant: the most common class or answer of the training split',
})
export class Majority implements Control {
  async model(): Promise<EvaluationModel> {
    return {
      id: 'majority',
      can: { images: true, texts: false, joint: false },
      logitScale: 1,
      imageFeatures: constant,
      embedImages: constant,
      embedTexts: () => Promise.reject(new MedbenchError('evaluation', 'The majority shares no space with text')),
    };
  }
}
