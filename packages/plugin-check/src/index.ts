export { type CheckedPackage, type CheckOptions, checkPackage, pluginFolders } from './check-package.js';
export { checkMethod } from './method.js';
