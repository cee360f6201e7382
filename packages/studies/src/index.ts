export { halvingSteps, planRungs, type Rung, type Standing, survivors } from './halving.js';
export { joinRuns, under, type VariantRun } from './join.js';
export { type Part, studyParts, studyRecord } from './parts.js';
export { STUDIES } from './presets/index.js';
export { checkStudy } from './schema.js';
export { type Choice, meanFigure, searchCosts, searchQuestions, searchRow, withAlias } from './search.js';
export type { Layered, Search, Study, Variant } from './study.js';
