export { PneumoniaMnist } from './plugin.js';
