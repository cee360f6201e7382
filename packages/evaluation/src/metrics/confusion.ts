/** Multiplicity of each example; undefined if every example counts once. */
export type ExampleCounts = Int32Array | undefined;

/** Number of examples of true class i that were predicted as class j, row-major `[classes, classes]`. */
export function confusionMatrix(
  truth: Int32Array,
  predicted: Int32Array,
  classes: number,
  counts?: Int32Array,
): Float64Array {
  const matrix = new Float64Array(classes * classes);
  for (let i = 0; i < truth.length; i++) {
    matrix[truth[i]! * classes + predicted[i]!]! += counts === undefined ? 1 : counts[i]!;
  }
  return matrix;
}

/** Share of examples whose predicted class is the true one. `NaN` without examples. */
export function accuracy(truth: Int32Array, predicted: Int32Array): number {
  let right = 0;
  for (let i = 0; i < truth.length; i++) if (truth[i] === predicted[i]) right++;
  return right / truth.length;
}

/** Mean recall over the classes that occur, equal to scikit-learn's `balanced_accuracy_score`. */
export function balancedAccuracy(truth: Int32Array, predicted: Int32Array, classes: number): number {
  return confusionBalancedAccuracy(confusionMatrix(truth, predicted, classes), classes);
}

/** Mean F1 over the classes that occur as truth or prediction, equal to scikit-learn's `f1_score(average='macro')`. */
export function macroF1(truth: Int32Array, predicted: Int32Array, classes: number): number {
  return confusionMacroF1(confusionMatrix(truth, predicted, classes), classes);
}

/** Recall of each class; `NaN` for a class without examples. */
export function perClassRecall(truth: Int32Array, predicted: Int32Array, classes: number): Float64Array {
  return confusionRecalls(confusionMatrix(truth, predicted, classes), classes);
}

/** Computes `accuracy` from a confusion matrix. */
export function confusionAccuracy(matrix: Float64Array, classes: number): number {
  let right = 0;
  let total = 0;
  for (let i = 0; i < matrix.length; i++) total += matrix[i]!;
  for (let c = 0; c < classes; c++) right += matrix[c * classes + c]!;
  return right / total;
}

/** Computes `perClassRecall` from a confusion matrix. */
export function confusionRecalls(matrix: Float64Array, classes: number): Float64Array {
  return Float64Array.from({ length: classes }, (_, c) => {
    let total = 0;
    for (let j = 0; j < classes; j++) total += matrix[c * classes + j]!;
    return matrix[c * classes + c]! / total;
  });
}

/** Computes `balancedAccuracy` from a confusion matrix. */
export function confusionBalancedAccuracy(matrix: Float64Array, classes: number): number {
  let sum = 0;
  let occurring = 0;
  for (const recall of confusionRecalls(matrix, classes)) {
    if (Number.isNaN(recall)) continue;
    sum += recall;
    occurring++;
  }
  return sum / occurring;
}

/** Computes `macroF1` from a confusion matrix. */
export function confusionMacroF1(matrix: Float64Array, classes: number): number {
  let sum = 0;
  let occurring = 0;
  for (let c = 0; c < classes; c++) {
    let classTotal = 0;
    for (let j = 0; j < classes; j++) classTotal += matrix[c * classes + j]! + matrix[j * classes + c]!;
    if (classTotal === 0) continue;
    sum += (2 * matrix[c * classes + c]!) / classTotal;
    occurring++;
  }
  return sum / occurring;
}
