export { UnimodalImage } from './plugin.js';
