export { type ClassificationSplits, ClassificationTask } from './classification.js';
export { countLabels, factsOf, isSynthetic } from './facts.js';
export {
  MEDMNIST_CITATION,
  MEDMNIST_SETTINGS,
  MEDMNIST_SOURCE,
  MedMnistTask,
  medMnistFiles,
} from './medmnist.js';
export { type RetrievalSplits, RetrievalTask } from './retrieval.js';
export { statementOf } from './statement.js';
export { type VqaSplits, VqaTask } from './vqa.js';
