export { JsonLines } from './jsonl.js';
