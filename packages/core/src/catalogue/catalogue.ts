import type { PluginInfo, PluginKind } from '../decorators.js';
import type { PluginPackage, PresetDeclaration } from './manifest.js';

/** One plugin that can be loaded, known by its facts alone. */
export interface CatalogueEntry<K extends PluginKind = PluginKind> {
  readonly kind: K;
  readonly id: string;
  readonly info: PluginInfo<K>;
  readonly package: PluginPackage;
}

export interface Catalogue {
  readonly packages: readonly PluginPackage[];
  /** Packages whose plugins are unknown, since they tell no facts and do not load; fatal only if one is needed. */
  readonly broken: readonly { readonly package: PluginPackage; readonly reason: string }[];
  readonly entries: readonly CatalogueEntry[];
  readonly presets: readonly (PresetDeclaration & { readonly package: string })[];
}
