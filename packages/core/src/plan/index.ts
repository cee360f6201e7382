export { makePlan, methodSettings, type Plan, type PlannedCell, type PlanRow } from './plan.js';
