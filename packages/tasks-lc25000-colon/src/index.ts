export { Lc25000Colon } from './plugin.js';
