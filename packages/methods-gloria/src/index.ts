export { clipObjective, gloriaTerms } from '@medbench/objectives';
export { Gloria } from './plugin.js';
