export { OctMnist } from './plugin.js';
