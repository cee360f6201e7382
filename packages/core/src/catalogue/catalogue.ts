import type { PluginInfo, PluginKind } from '../decorators.js';
import type { PluginPackage, PresetDeclaration } from './manifest.js';

/** One plugin that can be loaded, known by its info alone. */
export interface CatalogueEntry<K extends PluginKind = PluginKind> {
  readonly kind: K;
  readonly id: string;
  readonly info: PluginInfo<K>;
  readonly package: PluginPackage;
}

/** A package that declares plugins of which none can be used. */
export interface BrokenPackage {
  readonly package: PluginPackage;
  /** What is wrong, and what to change. */
  readonly reason: string;
  /** What its plugins are; undefined where nothing is known of them, since it does not load. */
  readonly kinds?: readonly PluginKind[];
}

/** A package that looks like a plugin package and is none, for want of a line in its package.json. */
export interface SuspectPackage {
  readonly name: string;
  readonly version: string;
  readonly dir: string;
  /** Why it is here: `dependency of my-lab`. */
  readonly why: string;
  /** What is wrong, and what to change. */
  readonly reason: string;
}

export interface Catalogue {
  readonly packages: readonly PluginPackage[];
  /** Found, and refused: fatal where one of their plugins is needed, or all of a kind are asked for. */
  readonly broken: readonly BrokenPackage[];
  /** Not taken as plugins; named wherever plugins are looked for. */
  readonly suspects: readonly SuspectPackage[];
  readonly entries: readonly CatalogueEntry[];
  readonly presets: readonly (PresetDeclaration & { readonly package: string })[];
}
