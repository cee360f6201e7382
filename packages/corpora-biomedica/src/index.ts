export { Biomedica } from './plugin.js';
