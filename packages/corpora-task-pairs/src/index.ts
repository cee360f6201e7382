export { TaskPairs } from './plugin.js';
