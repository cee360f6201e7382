export { TissueMnist } from './plugin.js';
