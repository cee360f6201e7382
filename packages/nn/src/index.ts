export { type AdamWOptions, type AdamWState, adamW, decays } from './adamw.js';
export { batchNorm, batchNormLine, batchNormParameters } from './batch-norm.js';
export { type Differentiated, differentiate } from './differentiate.js';
export {
  dualEncoder,
  freezeAll,
  freezeBlocks,
  freezeFraction,
  frozenPart,
  INITIAL_LOG_SCALE,
  stageSizes,
} from './dual-encoder.js';
export { clipByGlobalNorm } from './gradient-clip.js';
export { gelu, layerNorm, linear, quickGelu } from './layers.js';
export { type Packing, type ParameterGroup, packParameters } from './packing.js';
export { constant, countParameters, initialise, normal, ones, uniform, zeros } from './parameters.js';
export { readSafetensors, type SafetensorsFile, writeSafetensors } from './safetensors.js';
export { type Schedule, type ScheduleOptions, warmupCosine } from './schedule.js';
export {
  causalMask,
  type TransformerOptions,
  transformer,
  transformerParameters,
  transformerStages,
} from './transformer.js';
