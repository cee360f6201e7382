export { Pcam } from './plugin.js';
