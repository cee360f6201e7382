export { CLASSIFICATION, type ClassificationSplits, ClassificationTask } from './classification.js';
export { countLabels, factsOf, isSynthetic } from './facts.js';
export {
  MEDMNIST,
  MEDMNIST_CITATION,
  MEDMNIST_SETTINGS,
  MEDMNIST_SOURCE,
  MedMnistTask,
  medMnistFiles,
} from './medmnist.js';
export { organFacts } from './organs.js';
export { HISTOLOGY_EVERYWHERE, PROMPT_SETTINGS, TEMPLATES } from './prompts.js';
export { type RetrievalSplits, RetrievalTask } from './retrieval.js';
export { statementOf } from './statement.js';
export { type VqaSplits, VqaTask } from './vqa.js';
