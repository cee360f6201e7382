export { Lc25000Lung } from './plugin.js';
