export { ClipLocked } from './plugin.js';
