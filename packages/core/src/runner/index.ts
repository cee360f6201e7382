export { type BackendReport, chooseBackend, inspectBackends, withCache } from './backend.js';
export type { RunContext } from './context.js';
export type { RunObserver } from './observer.js';
export { readScores } from './read-scores.js';
export { executePlan } from './run.js';
