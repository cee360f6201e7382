import type { StudyQuestion } from '@medbench/core';
import type { ConfigTree } from '@medbench/runner/workspace';

/** Settings, and settings by preset that override them if that preset is chosen, alone or with others. */
export interface LayeredSettings {
  readonly config?: ConfigTree;
  /** Settings by preset id: `demo`, for example, may have smaller encoders and fewer steps. */
  readonly presets?: Readonly<Record<string, ConfigTree>>;
}

/** Settings that need a separate run, because runs cannot mix them, for example another encoder. */
export interface StudyVariant extends LayeredSettings {
  /** Letters, digits, `-`, `_` and `.` only: it is the name of the variant's folder. */
  readonly id: string;
  /** Name of the variant in sentences. */
  readonly title: string;
}

/** A search for the best value of a setting, separately for each method in each variant, on validation images. */
export interface StudySearch {
  readonly methods: readonly string[];
  readonly setting: string;
  readonly values: readonly number[];
  /** Id of the row that corresponds to the methods without the setting. */
  readonly baseline: string;
  /** The value that is used without a search. */
  readonly usual: number;
  /** Each rung keeps one in `eta` candidates. */
  readonly eta: number;
}

/** A study: its rows, its sweeps and its questions. */
export interface Study extends LayeredSettings {
  readonly id: string;
  readonly title: string;
  readonly question: string;
  /** Default: a single run without variants. */
  readonly variants?: readonly StudyVariant[];
  /** Questions, which say which rows to compare. Default: the three questions of the paper. */
  readonly questions?: readonly StudyQuestion[];
  readonly search?: StudySearch;
}

/**
 * Returns the study as it is. In a `study.ts` it makes the editor complete and check the keys.
 *
 * @example
 * ```ts
 * import { defineStudy } from 'medbench';
 *
 * export default defineStudy({
 *   id: 'half-frozen',
 *   title: 'Half of the image tower',
 *   question: 'Does freezing half of the image tower cost accuracy?',
 *   config: { methods: ['clip', 'clip-partial:freeze=0.5'] },
 *   questions: [
 *     { id: 'half', question: 'Does freezing half help?', against: 'clip', rows: ['clip-partial:freeze=0.5'] },
 *   ],
 * });
 * ```
 */
export const defineStudy = (study: Study): Study => study;
