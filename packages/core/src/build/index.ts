export { type InfoPlugin, medbenchInfo } from './plugin.js';
export { writePackageInfo } from './write-package-info.js';
