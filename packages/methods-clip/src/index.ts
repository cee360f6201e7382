export { infoNce, infoNceTerms, normalise } from '@medbench/objectives';
export { Clip } from './plugin.js';
