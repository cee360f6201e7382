export { Chance } from './chance.js';
export { Majority } from './majority.js';
export { QuestionOnly } from './question-only.js';
export { RawPixels } from './raw-pixels.js';
export { Untrained } from './untrained.js';
