import type { Pretraining } from '@medbench/core';
import { loadModel } from './embedder.js';
import { findForeignWeights } from './foreign.js';
import { train } from './trainer.js';

export { loadModel } from './embedder.js';
export { stepMemory } from './fit.js';
export { batchLoader, keptPictureBytes, type LoaderOptions } from './loader.js';
export { type BuiltModel, buildModel } from './model.js';
export { type PreparedRow, prepareRow, type SetupRequest } from './setup.js';
export {
  embeddingProgram,
  TOWER_INPUT,
  towerFacts,
  towerInput,
  towerProgram,
  towerWeights,
} from './tower.js';
export { train } from './trainer.js';
export { type LoadedStep, type StepOptions, type TrainingStep, trainingStep } from './training-step.js';

/** Pre-training and embedding as one service, for the composition root. */
export const pretraining: Pretraining = { train, findWeights: findForeignWeights, load: loadModel };
