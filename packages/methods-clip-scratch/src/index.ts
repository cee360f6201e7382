export { ClipScratch } from './plugin.js';
