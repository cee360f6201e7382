export { makePlan, type Plan, type PlannedCell, type PlanRow } from './plan.js';
export { type MethodRow, methodSettings, selectRows } from './rows.js';
