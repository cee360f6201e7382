export { type ComposeOptions, composeMethod, objectivesFrom } from './compose.js';
export type { ResolvedObjective } from './sum.js';
