export { VindrMammo } from './plugin.js';
