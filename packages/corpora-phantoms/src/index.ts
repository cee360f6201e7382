export { Phantoms, Shapes } from './plugin.js';
