export { batchLoader, keptImageBytes, type LoaderOptions } from './loading/loader.js';
export { TowerPretraining } from './loop/pretraining.js';
export { train } from './loop/trainer.js';
export { memoryBudget } from './memory/budget.js';
export { stepMemory } from './memory/fit.js';
export { type PreparedRow, prepareRow, type SetupRequest } from './step/setup.js';
export { type LoadedStep, type StepOptions, type TrainingStep, trainingStep } from './step/training-step.js';
export { loadModel } from './towers/embedder.js';
export { type BuiltModel, buildModel } from './towers/model.js';
export {
  embeddingProgram,
  TOWER_INPUT,
  towerInfo,
  towerInput,
  towerProgram,
  towerWeights,
} from './towers/tower.js';
