export { type ConfigInput, defineConfig } from '@medbench/runner';
export { defineStudy, type Study } from '@medbench/studies';
export { benchmark, carryOutBenchmark, launchBenchmark, previewBenchmark } from './benchmark.js';
export { isSubmitted, type Submitted } from './carry-out.js';
export type { RowCost, RunCosts } from './costs/costs.js';
export type { DiskBytes } from './costs/disk.js';
export type { EnergyCost } from './costs/energy.js';
export type { Fit } from './costs/fit.js';
export { type EmbeddingInputsOptions, type EmbedOptions, embed, embeddingInputs } from './embed.js';
export { type EmbedCheckpointOptions, embedCheckpoint } from './embed-checkpoint.js';
export { type EmbeddingRow, readEmbeddingRows } from './embedding-rows.js';
export { type ExportedFiles, type ExportOptions, exportRow } from './export/row.js';
export { type OpenedPlan, openPlan } from './open-plan.js';
export { openNamedResults } from './open-results.js';
export {
  type BenchmarkOptions,
  embeddingRowsFromOptions,
  type FinishedRun,
  type Ids,
  type RunControl,
} from './options.js';
export { plan, type RunPlan, type ValidationPlan } from './plan.js';
export {
  type OutgoingFile,
  type Pushed,
  type PushModelOptions,
  type PushOptions,
  type PushResultsOptions,
  pushModel,
  pushResults,
} from './push/index.js';
export type { KeptImages, RowPlan } from './row-plan.js';
export { cancelRun, type Scheduled } from './scheduled.js';
export type { MeasuredStep, StepTime } from './speeds/kept.js';
export { type FinishedStudy, findStudy, type StudyOptions, study } from './study/study.js';
export { describeUndelivered, type TrackOptions, trackRun } from './track/index.js';
export { type FreedLock, type UnlockOptions, unlock } from './unlock.js';
export { type VerifyRunOptions, verifyRun } from './verify-run.js';
export {
  type RunWatch,
  type ServedRun,
  type ServeOptions,
  serveRun,
  type WatchedCurve,
  type WatchedFailure,
  type WatchedRun,
  type WatchedUnit,
  type WatchOptions,
  watchRun,
} from './watch/index.js';
export {
  type FinishedWork,
  type ScheduledUnit,
  type UnitStatesOptions,
  unitStates,
  type WorkOptions,
  work,
} from './work.js';
