export { halvingSteps, planRungs, type Rung, type SearchStanding, survivors } from './halving.js';
export { addVariant, joinRuns, type VariantRun } from './join.js';
export { type StudyPart, studyParts, studyRecord } from './parts.js';
export { STUDIES } from './presets/index.js';
export { checkStudy } from './schema.js';
export { meanFigure, type SearchChoice, searchCosts, searchQuestions, searchRow, withAlias } from './search.js';
export { defineStudy, type LayeredSettings, type Study, type StudySearch, type StudyVariant } from './study.js';
