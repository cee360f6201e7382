export { type ConfigInput, defineConfig } from '@medbench/runner';
export { defineStudy, type Study } from '@medbench/studies';
export { benchmark, carryOutBenchmark, type OpenedPlan, openPlan } from './benchmark.js';
export { type EmbeddingInputsOptions, type EmbedOptions, embed, embeddingInputs } from './embed.js';
export { type EmbeddingRow, readEmbeddingRows } from './embedding-rows.js';
export { type ExportedFiles, type ExportOptions, exportRow } from './export/row.js';
export {
  type BenchmarkOptions,
  embeddingRowsFromOptions,
  type FinishedRun,
  type Ids,
  type RunControl,
} from './options.js';
export { type KeptImages, plan, type RowPlan, type RunPlan } from './plan.js';
export { type FinishedStudy, findStudy, type StudyOptions, study } from './study/study.js';
