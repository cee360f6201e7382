export { OrganCMnist } from './plugin.js';
