export { deviceShares } from './devices.js';
export { Inline } from './inline.js';
export { Local } from './local.js';
