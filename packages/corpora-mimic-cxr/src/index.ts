export { MimicCxr } from './corpus.js';
export { MIMIC_CXR } from './info.js';
export { type MimicPairs, type MimicSplit, mimicPairs } from './pairs.js';
export { captionOfReport, REPORT_PARTS, type ReportPart } from './report.js';
