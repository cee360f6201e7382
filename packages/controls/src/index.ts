export * from './plugin.js';
export { bagOfWords } from './question-only.js';
