export { BloodMnist } from './plugin.js';
