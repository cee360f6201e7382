export { macroAuc, preparedMacroAuc } from './auc.js';
export { calibrationBins, expectedCalibrationError, preparedCalibrationError } from './calibration.js';
export {
  accuracy,
  accuracyOf,
  balancedAccuracy,
  balancedAccuracyOf,
  confusionMatrix,
  macroF1,
  macroF1Of,
  perClassRecall,
  perClassRecallOf,
} from './confusion.js';
