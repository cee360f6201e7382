export { type AdamaxOptions, adamax } from './adamax.js';
export { type AdamWOptions, type AdamWState, adamW, decays, historicDecays } from './adamw.js';
export { type AttentionOptions, scaledDotProduct } from './attention.js';
export { batchNorm, batchNormAffine, batchNormParameters } from './batch-norm.js';
export {
  attentionalPooler,
  type DecoderSizes,
  decoderParameters,
  multimodalDecoder,
  type PoolerSizes,
  poolerParameters,
} from './decoder.js';
export { type Differentiated, differentiate } from './differentiate.js';
export {
  blockCount,
  dualEncoder,
  encoderInfo,
  freezeAll,
  freezeBlocks,
  freezeFraction,
  frozenPart,
  INITIAL_LOG_SCALE,
  patchCount,
  stageSizes,
} from './dual-encoder.js';
export { encoderFamily, type FamilyEncoder, type FamilyMember } from './encoder-family.js';
export { clipByGlobalNorm } from './gradient-clip.js';
export { gelu, layerNorm, linear, quickGelu } from './layers.js';
export { lazyOutput } from './lazy-output.js';
export { type Packing, type ParameterGroup, packParameters } from './packing.js';
export { constant, countParameters, initialise, normal, ones, uniform, zeros } from './parameters.js';
export { patchConvolution, patchify, patchMatrix } from './patchify.js';
export { permuteRows } from './permute-rows.js';
export { once, type PooledToken, pooledTransformer, type TransformerOutput } from './pooled-block.js';
export {
  type HeadSizes,
  headParameters,
  headWidth,
  predictionHead,
  predictionParameters,
  projectionHead,
} from './projection-head.js';
export { decodeTensor, readSafetensors, type SafetensorsFile, writeSafetensors } from './safetensors.js';
export { type LearningRateSchedule, type ScheduleOptions, warmupCosine } from './schedule.js';
export { textMask } from './text-mask.js';
export { towerStage } from './tower-stage.js';
export {
  block,
  blockParameters,
  causalMask,
  dropLastToken,
  mlp,
  splitJoint,
  type TransformerOptions,
  transformer,
  transformerParameters,
  transformerStages,
} from './transformer.js';
