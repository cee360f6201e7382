export { exportWeights, type WeightsExport } from './export.js';
export { type HubEnvironment, type HubModel, hubFiles, parseHubModel } from './hub.js';
export { fromHuggingFace, type Layout, toHuggingFace, toOwnLayout } from './layouts.js';
export { checkWeights, type LoadedWeights, loadWeights } from './load.js';
export { resizePositions } from './positions.js';
export { type ModelSizes, readSizes, sizesInWords } from './sizes.js';
export { findWeights, type WeightsSource } from './source.js';
