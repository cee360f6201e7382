export { benchmark, carryOutBenchmark, openPlan, type Planned } from './benchmark.js';
export { embed, embeddingInputs, type InputsControl, type KeptOptions } from './embed.js';
export { type EmbeddingRow, embeddingRows } from './embedding-rows.js';
export { type Exported, type ExportOptions, exportRow } from './export/row.js';
export { type BenchmarkOptions, type Finished, type Ids, type RunControl, rowsOfEmbeddings } from './options.js';
export { type KeptImages, plan, type RowPlan, type RunPlan } from './plan.js';
export { type FinishedStudy, findStudy, type StudyOptions, study } from './study/study.js';
