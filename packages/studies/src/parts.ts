import type { StudyRecord } from '@medbench/core';
import { type ConfigTree, mergeTrees } from '@medbench/runner/workspace';
import type { LayeredSettings, Study, StudyVariant } from './study.js';

/** One run of a study. */
export interface StudyPart {
  /** Undefined if the study is a single run. */
  readonly variant: StudyVariant | undefined;
  /** Settings of study and variant. They override preset and configuration file; flags override them. */
  readonly config: ConfigTree;
}

/** Lists settings and those for the chosen presets, later ones overriding earlier ones. */
const listLayers = ({ config = {}, presets = {} }: LayeredSettings, chosen: readonly string[]): ConfigTree[] => [
  config,
  ...chosen.map((id) => presets[id] ?? {}),
];

/**
 * Returns the runs of a study, one per variant.
 * @param chosen ids of the chosen presets; later ones override earlier ones.
 */
export function studyParts(study: Study, chosen: readonly string[]): StudyPart[] {
  const variants: readonly (StudyVariant | undefined)[] = study.variants ?? [undefined];
  return variants.map((variant) => ({
    variant,
    config: mergeTrees(...listLayers(study, chosen), ...(variant ? listLayers(variant, chosen) : [])),
  }));
}

/** Returns the record of a study for `results.json`. */
export const studyRecord = ({ id, title, question, questions = [], variants = [] }: Study): StudyRecord => ({
  id,
  title,
  question,
  questions,
  variants: variants.map((variant) => ({ id: variant.id, title: variant.title })),
});
