export { readQuestions, type VqaRadQuestion } from './files.js';
export { VqaRad, VqaRadRetrieval } from './plugin.js';
