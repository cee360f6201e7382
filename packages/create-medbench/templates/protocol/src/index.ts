import { type EvaluationModel, type Matrix, Protocol, type ProtocolContext } from '@medbench/core';
import {
  CLASSIFICATION_METRICS,
  type ClassificationData,
  classificationResult,
  measuredSplits,
} from '@medbench/evaluation';

/** Returns one row of a matrix. */
const row = ({ data, cols }: Matrix, i: number) => data.subarray(i * cols, (i + 1) * cols);

/** Gives each test image the class whose mean training feature is nearest: replace it by your own measurement. */
@Protocol({
  id: 'template-name',
  title: 'template name',
  kinds: ['classification'],
  primary: 'accuracy',
  metrics: CLASSIFICATION_METRICS,
  joins: true, // measures every task of its kinds; without it, only tasks that name it
})
export class TemplateName implements Protocol<ClassificationData> {
  /** Measures a model on the data of a task. @returns undefined if model or data do not suit the protocol. */
  async measure(model: EvaluationModel, data: ClassificationData, context: ProtocolContext) {
    // These are the splits to train and measure on: the test split, or the validation split while settings are chosen.
    const measured = measuredSplits(data, context);
    const { train, test } = measured.splits;
    if (!model.can.images || !train) return undefined;
    const trainFeatures = await model.imageFeatures(train.images, train.as ?? 'train');
    const testFeatures = await model.imageFeatures(test.images, test.as ?? 'test');
    const means = data.classes.map((_, label) => {
      const members = [...train.labels.keys()].filter((i) => train.labels[i] === label);
      const mean = new Float64Array(trainFeatures.cols);
      for (const i of members) row(trainFeatures, i).forEach((x, j) => (mean[j]! += x / members.length));
      return mean;
    });
    // One logit for each test image and class, row by row. The nearer, the larger.
    const logits = [...test.labels.keys()].flatMap((i) =>
      means.map((mean) => -Math.hypot(...row(testFeatures, i).map((x, j) => x - mean[j]!))),
    );
    // Computes the metrics with their confidence intervals.
    return classificationResult('template-name', Float64Array.from(logits), measured, context);
  }
}
