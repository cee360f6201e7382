import { type EvaluationModel, type Matrix, Protocol, type ProtocolContext } from '@medbench/core';
import * as evaluation from '@medbench/evaluation';

const info = { title: 'nearest class mean', kinds: ['classification'], primary: 'accuracy', joins: true };
const row = ({ data, cols }: Matrix, i: number) => data.subarray(i * cols, (i + 1) * cols);

/** Assigns each test image the class whose mean training feature is nearest. */
@Protocol({ id: 'nearest-mean', ...info, metrics: evaluation.CLASSIFICATION_METRICS })
export class NearestMean implements Protocol<evaluation.ClassificationData> {
  async measure(model: EvaluationModel, data: evaluation.ClassificationData, context: ProtocolContext) {
    const measured = evaluation.measuredSplits(data, context);
    const { train, test } = measured.splits;
    if (!model.can.images || !train) return undefined;
    const trainFeatures = await model.imageFeatures(train.images, train.as ?? 'train');
    const testFeatures = await model.imageFeatures(test.images, test.as ?? 'test');
    const means = data.classes.map((_, label) => {
      const mean = new Float64Array(trainFeatures.cols);
      const members = [...train.labels.keys()].filter((i) => train.labels[i] === label);
      for (const i of members) for (const [j, x] of row(trainFeatures, i).entries()) mean[j]! += x / members.length;
      return mean;
    });
    const logits = [...test.labels.keys()].flatMap((i) =>
      means.map((mean) => -Math.hypot(...row(testFeatures, i).map((x, j) => x - mean[j]!))),
    );
    return evaluation.classificationResult('nearest-mean', Float64Array.from(logits), measured, context);
  }
}
