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

/** Lists settings and those for the chosen preset, later ones overriding earlier ones. */
const listLayers = ({ config = {}, presets = {} }: LayeredSettings, preset: string | undefined): ConfigTree[] => [
  config,
  (preset === undefined ? undefined : presets[preset]) ?? {},
];

/** Returns the runs of a study, one per variant. */
export function studyParts(study: Study, preset: string | undefined): StudyPart[] {
  const variants: readonly (StudyVariant | undefined)[] = study.variants ?? [undefined];
  return variants.map((variant) => ({
    variant,
    config: mergeTrees(...listLayers(study, preset), ...(variant ? listLayers(variant, preset) : [])),
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
