export { PathMnist } from './plugin.js';
