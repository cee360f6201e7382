export { CLASSIFICATION, type ClassificationSplits, ClassificationTask } from './classification.js';
export {
  findImage,
  findLabel,
  ImageTask,
  imagesBelow,
  imagesByClass,
  imagesIn,
  type LabelledImage,
  labelledImages,
  splitImages,
} from './images.js';
export { countLabels, isSynthetic, taskInfo } from './info.js';
export { Lc25000Task, lc25000Info } from './lc25000.js';
export {
  MEDMNIST,
  MEDMNIST_CITATION,
  MEDMNIST_MULTI_LABEL,
  MEDMNIST_SETTINGS,
  MEDMNIST_SOURCE,
  MedMnistMultiLabelTask,
  MedMnistTask,
  medMnistFiles,
} from './medmnist.js';
export { MULTI_LABEL, MultiLabelTask } from './multi-label.js';
export { organInfo } from './organs.js';
export { CLASSIFICATION_SETTINGS, HISTOLOGY_EVERYWHERE, TEMPLATES } from './prompts.js';
export { buildGallery, duplicatesNote, type RetrievalSplits, RetrievalTask } from './retrieval.js';
export { leftOutRowsNote, readRows, skipRow } from './skip-bad.js';
export { SPLIT_SETTINGS, type TestSplit, testSplit } from './splits.js';
export { toStatement } from './statement.js';
export { type StudySplit, studySplit } from './study-split.js';
export { fittedQuestions, VQA_FIT_SETTING, type VqaSplits, VqaTask } from './vqa.js';
