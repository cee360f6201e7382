export { exportWeights, type WeightsExport } from './export.js';
export { type HubEnvironment, type HubModel, hubFiles, parseHubModel } from './hub.js';
export { fromHuggingFace, toHuggingFace, toOwnLayout, type WeightsLayout } from './layouts.js';
export { checkWeights, type LoadedWeights, loadWeights } from './load.js';
export { resizePositions } from './positions.js';
export { describeSizes, type ModelSizes, readSizes } from './sizes.js';
export { findWeights, type WeightsSource } from './source.js';
