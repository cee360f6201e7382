export { type ConfigInput, defineConfig } from '@medbench/runner';
export { defineStudy, type Study } from '@medbench/studies';
export { benchmark, carryOutBenchmark } from './benchmark.js';
export { type EmbeddingInputsOptions, type EmbedOptions, embed, embeddingInputs } from './embed.js';
export { type EmbeddingRow, readEmbeddingRows } from './embedding-rows.js';
export { type ExportedFiles, type ExportOptions, exportRow } from './export/row.js';
export { type OpenedPlan, openPlan } from './open-plan.js';
export {
  type BenchmarkOptions,
  embeddingRowsFromOptions,
  type FinishedRun,
  type Ids,
  type RunControl,
} from './options.js';
export { plan, type RunPlan, type ValidationPlan } from './plan.js';
export type { KeptImages, RowPlan } from './row-plan.js';
export { type FinishedStudy, findStudy, type StudyOptions, study } from './study/study.js';
export { type VerifyRunOptions, verifyRun } from './verify-run.js';
