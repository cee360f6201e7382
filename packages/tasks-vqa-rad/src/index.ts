export { type Question, readQuestions } from './files.js';
export { VqaRad } from './plugin.js';
