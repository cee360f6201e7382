// The entry point for scripts. The command is `bin/medbench.js`.
export {
  type BenchmarkOptions,
  benchmark,
  type EmbeddingInputsOptions,
  type EmbedOptions,
  type ExportedFiles,
  type ExportOptions,
  embed,
  embeddingInputs,
  exportRow,
  type FinishedRun,
  type FinishedStudy,
  type Ids,
  type KeptImages,
  plan,
  type RowPlan,
  type RunControl,
  type RunPlan,
  type StudyOptions,
  study,
} from '@medbench/api';
export { MedbenchError, type ResultCell, type RunResults } from '@medbench/core';
