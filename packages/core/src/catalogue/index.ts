export type { BrokenPackage, Catalogue, CatalogueEntry, SuspectPackage } from './catalogue.js';
export { factFaults } from './check-facts.js';
export { factsOf, listFacts, type PluginFact, type PluginFacts, readFacts } from './facts.js';
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
export { type MaterialisedClass, pluginClasses } from './materialise.js';
export { entriesOfKind, entryOf, everyEntry, nearest, select, unknownId } from './select.js';
