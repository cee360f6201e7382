import type { StudyRecord } from '@medbench/core';
import { type ConfigTree, mergeTrees } from '@medbench/runner/workspace';
import type { LayeredSettings, Study, StudyVariant } from './study.js';

/** One run of a study. */
export interface StudyPart {
  /** Undefined where the study is a single run. */
  readonly variant: StudyVariant | undefined;
  /** Settings of the study and of the variant: over the preset and the configuration file, under the flags. */
  readonly config: ConfigTree;
}

const listLayers = ({ config = {}, presets = {} }: LayeredSettings, preset: string | undefined): ConfigTree[] => [
  config,
  (preset === undefined ? undefined : presets[preset]) ?? {},
];

/** The runs that a study is made of, one for each variant. */
export function studyParts(study: Study, preset: string | undefined): StudyPart[] {
  const variants: readonly (StudyVariant | undefined)[] = study.variants ?? [undefined];
  return variants.map((variant) => ({
    variant,
    config: mergeTrees(...listLayers(study, preset), ...(variant ? listLayers(variant, preset) : [])),
  }));
}

/** What `results.json` says of a study. */
export const studyRecord = ({ id, title, question, questions = [], variants = [] }: Study): StudyRecord => ({
  id,
  title,
  question,
  questions,
  variants: variants.map((variant) => ({ id: variant.id, title: variant.title })),
});
