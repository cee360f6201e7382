export { costOf, type Rung, rungsOf, type Standing, survivors } from './halving.js';
export { joinRuns, under, type VariantRun } from './join.js';
export { type Part, partsOf, recordOf } from './parts.js';
export { STUDIES } from './presets/index.js';
export { checkStudy } from './schema.js';
export { type Choice, costsOf, meanFigure, rowOf, searchQuestions, withAlias } from './search.js';
export type { Layered, Search, Study, Variant } from './study.js';
