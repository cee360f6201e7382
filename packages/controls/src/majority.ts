import { Control, type EvaluationModel, type Matrix, type RasterImage, type Source } from '@medbench/core';
import { fixedModel } from './fixed-model.js';

/** Gives every image the same feature, so that a classifier can only learn how often each answer occurs. */
const constant = async ({ length }: Source<RasterImage>): Promise<Matrix> => ({
  rows: length,
  cols: 1,
  data: new Float32Array(length).fill(1),
});

/** Always predicts the most common class or answer of the training split. */
@Control({
  id: 'majority',
  title: 'Majority',
  protocols: ['linear-probe', 'linear-probe-corruptions', 'vqa', 'vqa-fine-tuned'],
  needsTowers: false,
  source: 'the classifier of the protocol on a constant: the most common class or answer of the training split',
})
export class Majority implements Control {
  async model(): Promise<EvaluationModel> {
    return fixedModel({ id: 'majority', images: constant, refusal: 'The majority shares no space with text' });
  }
}
