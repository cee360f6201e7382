import type { Pretraining } from '@medbench/core';
import { train } from './loop/trainer.js';
import { loadModel } from './towers/embedder.js';
import { findForeignWeights } from './towers/foreign.js';

export { batchLoader, keptPictureBytes, type LoaderOptions } from './loading/loader.js';
export { train } from './loop/trainer.js';
export { stepMemory } from './memory/fit.js';
export { type PreparedRow, prepareRow, type SetupRequest } from './step/setup.js';
export { type LoadedStep, type StepOptions, type TrainingStep, trainingStep } from './step/training-step.js';
export { loadModel } from './towers/embedder.js';
export { type BuiltModel, buildModel } from './towers/model.js';
export {
  embeddingProgram,
  TOWER_INPUT,
  towerFacts,
  towerInput,
  towerProgram,
  towerWeights,
} from './towers/tower.js';

/** Pre-training and embedding as one service, for the composition root. */
export const pretraining: Pretraining = { train, findWeights: findForeignWeights, load: loadModel };
