// Finding the configuration file belongs to discovery too (it names plugins); checking it is left to the runtime entry.
export { type ConfigFile, findConfigFile, readTreeFile } from '../config/find.js';
export {
  type Catalogue,
  type CatalogueEntry,
  type DiscoveryOptions,
  discover,
  nearestPackageJson,
  PLUGIN_KEYWORD,
} from './discover.js';
export {
  MANIFEST_KEYS,
  PLUGIN_KINDS,
  type PluginManifest,
  type PluginPackage,
  type PresetDeclaration,
} from './manifest.js';
export { entriesOfKind, entryOf, nearest, select, unknownId } from './select.js';
