export { BreastMnist } from './plugin.js';
