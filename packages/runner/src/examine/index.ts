export { type DataExamination, type ExamineOptions, examineData, SAMPLED } from './examine.js';
export type { DataCheck, DataProblem } from './problem.js';
