export { OrganSMnist } from './plugin.js';
