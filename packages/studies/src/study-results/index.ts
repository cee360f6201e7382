export { compareWithStudy, type StudyCell, type StudyComparison, type StudyVerdict } from './compare.js';
export {
  medbenchMetric,
  readStudyResults,
  type StudyResult,
  type StudyResults,
  type StudyRow,
  type StudyTask,
} from './data.js';
export type { StudyDoubt } from './doubts.js';
export { aucInterval, differenceInterval, figureInterval } from './intervals.js';
export { pairRows, type RowPair } from './pair.js';
export type { StudySetting } from './settings.js';
