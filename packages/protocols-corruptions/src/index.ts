export { applyTaps, defocusBlur, discTaps, motionBlur, motionTaps, type Tap } from './blur.js';
export { compress, pixelate } from './coding.js';
export {
  CORRUPTIONS,
  type Condition,
  type CorruptionId,
  conditionName,
  corrupt,
  underCondition,
} from './corruptions.js';
export { type Levels, toImage, toLevels } from './levels.js';
export { measureCorruptions, probeClassifier, zeroShotClassifier } from './measure.js';
export { gaussianNoise, shotNoise } from './noise.js';
export * from './plugin.js';
export { type CorruptionSettings, LINEAR_PROBE_SETTINGS, ZERO_SHOT_SETTINGS } from './settings.js';
export { brighten, lowerContrast } from './tone.js';
