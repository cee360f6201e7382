export { type Batch, makeBatches } from './batches.js';
export { parseQueue, type QueuedJob } from './queue.js';
export { batchScript, type ScriptInput } from './script.js';
export { type SlurmSettings, settings } from './settings.js';
export { Slurm } from './slurm.js';
