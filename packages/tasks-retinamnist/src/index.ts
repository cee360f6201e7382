export { RetinaMnist } from './plugin.js';
