export { infoNce, infoNceTerms, normalise } from '@medbench/objectives';
export { ClipScratch } from './plugin.js';
