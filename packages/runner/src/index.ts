export {
  type BackendChoice,
  type BackendReport,
  chooseBackend,
  chooseDevice,
  inspectBackends,
  withEstimateOptions,
  withOptions,
} from './backend.js';
export { bindProtocols } from './bind.js';
export { composePlugins, composeRun, type PluginServices, type RunServices, silentLogger } from './compose.js';
export * from './config/index.js';
export { croissant, type DescribedData } from './croissant/croissant.js';
export type { SkipLog } from './data/skipped.js';
export { TaskData } from './data/task-data.js';
export * from './examine/index.js';
export type { RunObserver } from './observer.js';
export * from './plan/index.js';
export * from './profile/index.js';
export type { RunFile, RunHome } from './results.js';
export { Run } from './run.js';
export * from './scores/index.js';
export { type ChosenBackend, Services } from './services.js';
export * from './shard/index.js';
export { checkMetrics } from './stages/check-metrics.js';
export { interrupted } from './stages/failures.js';
export type { KeptState } from './stages/verdict.js';
export { Verification, type VerifiedFile } from './stages/verification.js';
export * from './store/index.js';
export * from './track/index.js';
export * from './units/index.js';
export * from './verify/index.js';
