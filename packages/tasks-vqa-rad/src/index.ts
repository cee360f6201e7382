export { type Question, readQuestions } from './files.js';
export { VqaRad, VqaRadRetrieval } from './plugin.js';
