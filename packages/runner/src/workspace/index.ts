// What a command needs before anything is run: the configuration file, found but not checked, and the plugins it names.
export { type ConfigFile, findConfigFile, readTreeFile } from '../config/find.js';
export { type ConfigTree, mergeTrees } from '../config/merge.js';
export { type DiscoveryOptions, discover, nearestPackageJson } from './discover.js';
