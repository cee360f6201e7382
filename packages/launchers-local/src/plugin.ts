export { Inline } from './inline.js';
export { Local } from './local.js';
