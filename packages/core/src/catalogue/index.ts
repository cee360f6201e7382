export type { BrokenPackage, Catalogue, CatalogueEntry, SuspectPackage } from './catalogue.js';
export { infoFaults } from './check-info.js';
export {
  dependencyNames,
  MANIFEST_KEYS,
  PLUGIN_KEYWORD,
  PLUGIN_KINDS,
  type PluginManifest,
  type PluginPackage,
  type PresetDeclaration,
  readPackageJson,
  readPlugin,
} from './manifest.js';
export { type DecoratedClass, importPluginClasses } from './materialise.js';
export { collectInfo, type DeclaredPlugin, listPlugins, type PackageInfo, readPackageInfo } from './package-info.js';
export { entriesOfKind, everyEntry, findEntry, nearestName, selectEntries, unknownIdError } from './select.js';
