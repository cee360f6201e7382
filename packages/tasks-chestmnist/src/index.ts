export { ChestMnist } from './plugin.js';
