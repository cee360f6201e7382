// The front door: what a script imports. The command is `bin/medbench.js`.
export {
  type BenchmarkOptions,
  benchmark,
  type Exported,
  type ExportOptions,
  embed,
  embeddingInputs,
  exportRow,
  type Finished,
  type FinishedStudy,
  type Ids,
  type InputsControl,
  type KeptImages,
  type KeptOptions,
  plan,
  type RowPlan,
  type RunControl,
  type RunPlan,
  type StudyOptions,
  study,
} from '@medbench/api';
export { MedbenchError, type ResultCell, type RunResults } from '@medbench/core';
