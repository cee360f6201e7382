// Everything a command needs before it runs something: the configuration file, found but not checked, and the plugins.
export { type ConfigFile, findConfigFile, readTreeFile } from '../config/find.js';
export { type ConfigTree, dropUndefined, mergeTrees } from '../config/merge.js';
export {
  comparedPresets,
  type FoundPreset,
  findPresets,
  inheritSettings,
  mergePresets,
  presetIds,
} from '../config/presets.js';
export { type DiscoveryOptions, discover, nearestPackageJson } from './discover.js';
