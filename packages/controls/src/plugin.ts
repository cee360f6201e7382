export { QuestionOnly } from './question-only.js';
export { RawPixels } from './raw-pixels.js';
export { Untrained } from './untrained.js';
