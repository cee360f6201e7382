export { MaskedCl } from './plugin.js';
