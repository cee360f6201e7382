import type { StudyQuestion } from '@medbench/core';
import type { ConfigTree } from '@medbench/runner/workspace';

/** Settings, and further ones that are laid over them where a preset is chosen. */
export interface LayeredSettings {
  readonly config?: ConfigTree;
  /** By preset, such as `demo`: smaller encoders, fewer steps. */
  readonly presets?: Readonly<Record<string, ConfigTree>>;
}

/** Settings that cannot stand beside each other in one run, such as another encoder: it becomes a run of its own. */
export interface StudyVariant extends LayeredSettings {
  /** Letters, digits, `-`, `_`, `.`: the name of its folder. */
  readonly id: string;
  /** As it is called in a sentence. */
  readonly title: string;
}

/** A setting of methods that is searched for, for each method in each variant by itself, on validation images. */
export interface StudySearch {
  readonly methods: readonly string[];
  readonly setting: string;
  readonly values: readonly number[];
  /** The row that is what the method is without it. */
  readonly baseline: string;
  /** The value that is taken where nobody searches. */
  readonly usual: number;
  /** At each rung one in so many is kept. */
  readonly eta: number;
}

/** Which rows, which settings swept, which question. */
export interface Study extends LayeredSettings {
  readonly id: string;
  readonly title: string;
  readonly question: string;
  /** Default: one run. */
  readonly variants?: readonly StudyVariant[];
  /** Which rows are compared with which. Default: the three questions of the paper. */
  readonly questions?: readonly StudyQuestion[];
  readonly search?: StudySearch;
}
