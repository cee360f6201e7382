export { ImageMemory } from './loading/images.js';
export { batchLoader, keptImageBytes, type LoaderOptions } from './loading/loader.js';
export { TowerPretraining } from './loop/pretraining.js';
export { type SupervisedTraining, type TrainedStep, trainSupervised } from './loop/supervised.js';
export { train } from './loop/trainer.js';
export { memoryBudget } from './memory/budget.js';
export { fitRow, type MemoryEstimator, predictMemory } from './memory/fit.js';
export { addPrefix, stripPrefix } from './step/layout.js';
export { observeUpdates } from './step/represent.js';
export { type PreparedRow, prepareRow, type SetupRequest } from './step/setup.js';
export {
  LEARNING_RATE,
  type Optimizer,
  type SupervisedLoss,
  type SupervisedOptions,
  type SupervisedStep,
  supervisedStep,
} from './step/supervised.js';
export { type LoadedStep, type StepOptions, type TrainingStep, trainingStep } from './step/training-step.js';
export { loadModel } from './towers/embedder.js';
export { type BuiltModel, buildModel } from './towers/model.js';
export { identifyVocabulary, makeTokenizer, type TokenizerRequest } from './towers/tokenizer.js';
export {
  embeddingProgram,
  TOWER_INPUT,
  towerInfo,
  towerInput,
  towerProgram,
  towerWeights,
} from './towers/tower.js';
