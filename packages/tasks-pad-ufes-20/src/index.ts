export { PadUfes20 } from './plugin.js';
