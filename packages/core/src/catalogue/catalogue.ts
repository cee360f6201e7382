import type { PluginInfo, PluginKind } from '../decorators.js';
import type { PluginPackage, PresetDeclaration } from './manifest.js';

/** A plugin that can be loaded, described by its info. */
export interface CatalogueEntry<K extends PluginKind = PluginKind> {
  readonly kind: K;
  readonly id: string;
  readonly info: PluginInfo<K>;
  readonly package: PluginPackage;
}

/** A package that declares plugins but cannot be used. */
export interface BrokenPackage {
  readonly package: PluginPackage;
  /** The fault, and what to change. */
  readonly reason: string;
  /** Kinds of its plugins; undefined if the package does not load, so that nothing is known about them. */
  readonly kinds?: readonly PluginKind[];
}

/** A package that looks like a plugin package but lacks a required entry in its package.json. */
export interface SuspectPackage {
  readonly name: string;
  readonly version: string;
  readonly dir: string;
  /** How the package was found: `dependency of my-lab`. */
  readonly why: string;
  /** The fault, and what to change. */
  readonly reason: string;
}

/** All plugins and presets that were discovered. */
export interface Catalogue {
  /** Plugin packages that were found. */
  readonly packages: readonly PluginPackage[];
  /** Packages that cannot be used. Selecting one of their plugins, or all plugins of a kind, is an error. */
  readonly broken: readonly BrokenPackage[];
  /** Packages that look like plugin packages but are none. A warning names them wherever plugins are looked for. */
  readonly suspects: readonly SuspectPackage[];
  readonly entries: readonly CatalogueEntry[];
  /** The `config` of a preset includes the settings of the preset that it extends. */
  readonly presets: readonly (PresetDeclaration & { readonly package: string })[];
}
