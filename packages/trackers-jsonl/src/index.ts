export { JsonLines, toLines } from './jsonl.js';
