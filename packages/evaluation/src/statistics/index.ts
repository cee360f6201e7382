export type { BootstrapOptions } from './bootstrap.js';
export {
  bootstrapInterval,
  bootstrapIntervals,
  bootstrapMean,
  proportionInterval,
  wilsonInterval,
} from './bootstrap.js';
export type { McNemarResult } from './compare.js';
export { mcnemar } from './compare.js';
export { compareRows, compareTwo } from './compare-rows.js';
export { compareRuns, describeMismatch } from './compare-runs.js';
export { renumberGroups } from './groups.js';
export { holm } from './holm.js';
export { averageRanks, rankValues } from './ranks.js';
export { type TwoWayTest, twoSampleTest, twoWayTest } from './two-way.js';
