export { macroAuc, preparedMacroAuc } from './auc.js';
export { calibrationBins, expectedCalibrationError, preparedCalibrationError } from './calibration.js';
export {
  accuracy,
  balancedAccuracy,
  confusionAccuracy,
  confusionBalancedAccuracy,
  confusionMacroF1,
  confusionMatrix,
  confusionRecalls,
  macroF1,
  perClassRecall,
} from './confusion.js';
