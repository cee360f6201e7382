export { OrganAMnist } from './plugin.js';
