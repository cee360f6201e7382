export { CLASSIFICATION, type ClassificationSplits, ClassificationTask } from './classification.js';
export { countLabels, factsOf, isSynthetic } from './facts.js';
export { Lc25000Task, lc25000Facts } from './lc25000.js';
export {
  MEDMNIST,
  MEDMNIST_CITATION,
  MEDMNIST_SETTINGS,
  MEDMNIST_SOURCE,
  MedMnistTask,
  medMnistFiles,
} from './medmnist.js';
export { organFacts } from './organs.js';
export {
  type LabelledPicture,
  labelledPictures,
  labelOf,
  PictureTask,
  pictureOf,
  picturesBelow,
  picturesByClass,
  picturesIn,
  splitPictures,
} from './pictures.js';
export { CLASSIFICATION_SETTINGS, HISTOLOGY_EVERYWHERE, TEMPLATES } from './prompts.js';
export { duplicatesNote, galleryOf, type RetrievalSplits, RetrievalTask } from './retrieval.js';
export { readRows } from './skip-bad.js';
export { SPLIT_SETTINGS, type TestSplit, testSplit } from './splits.js';
export { statementOf } from './statement.js';
export { type VqaSplits, VqaTask } from './vqa.js';
