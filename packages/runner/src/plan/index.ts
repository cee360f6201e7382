export { type PlanDifference, planDifferences } from './differences.js';
export { type GeneralTraining, planGeneralTraining } from './general.js';
export { makePlan, type Plan, type PlannedCell } from './plan.js';
export { type EvaluationConfig, listTaskProtocols } from './protocols.js';
export { type ResolvedRow, resolveMethod } from './resolve.js';
export { type MethodRow, type PlanRow, selectRows } from './rows.js';
