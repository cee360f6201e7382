export {
  DEFAULT_SIZE,
  type PhantomCase,
  type PhantomSplit,
  phantomCase,
  RARE_SHARE,
  streamCase,
} from './cases.js';
export { type ClassLook, classCase } from './classes.js';
export {
  FACTORS,
  globalLabel,
  LABELS,
  type LabelledFactors,
  localLabel,
  type PhantomLabels,
  rareLabel,
} from './labels.js';
export {
  DEFAULT_COUNTS,
  findPhantomManifest,
  type PhantomCounts,
  type PhantomManifest,
  type PhantomSettings,
  phantomFingerprint,
  phantomManifest,
} from './manifest.js';
export { MODELS } from './modalities/index.js';
export {
  type FactorScope,
  type FactorSpec,
  type Factors,
  PHANTOM_MODALITIES,
  type PhantomModality,
  type PhantomModel,
  type PhantomQuestion,
} from './model.js';
export { SHAPE_FACTORS, type ShapesCase, shapesCase } from './shapes.js';
export { ensurePhantoms, type WritePhantomsOptions, writePhantoms } from './write/index.js';
export type { PhantomRow } from './write/pairs.js';
export type { VqaRadRow } from './write/vqa-rad.js';
