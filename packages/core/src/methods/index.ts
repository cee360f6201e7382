export { callPlugin, checkedOutput, checkRepresentations, checkUpdate, pluginFault } from './check-output.js';
export { type ComposeOptions, composeMethod, objectivesFrom } from './compose.js';
export type { ResolvedObjective } from './sum.js';
