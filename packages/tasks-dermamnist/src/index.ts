export { DermaMnist } from './plugin.js';
