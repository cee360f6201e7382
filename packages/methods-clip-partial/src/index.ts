export { freezeFraction } from '@medbench/nn';
export { infoNce, infoNceTerms, normalise } from '@medbench/objectives';
export { ClipPartial } from './plugin.js';
