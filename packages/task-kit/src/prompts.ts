import type { SettingSpec } from '@medbench/core';
import { BALANCE_SETTINGS } from '@medbench/evaluation';
import { studyPrompts } from './study-prompts.js';

/** Prompt templates for each kind of image; `{}` stands for the phrase of a class. */
export const TEMPLATES = {
  histology: [
    'H&E stained tissue section with {}.',
    'microscopy field dominated by {}.',
    'a tile cut from a whole-slide scan: {}.',
    'this biopsy specimen contains {}.',
    'haematoxylin and eosin, {}.',
  ],
  dermoscopy: [
    'dermoscopic photograph of {}.',
    'a pigmented skin lesion diagnosed as {}.',
    'dermatoscope view: {}.',
    'close-up of the skin, {}.',
    'lesion consistent with {}.',
  ],
} as const satisfies Record<string, readonly string[]>;

/** Prompt templates of the CT crops in one of three planes. */
export const organTemplates = (plane: 'axial' | 'coronal' | 'sagittal'): string[] => [
  `abdominal CT, ${plane} slice centred on the {}.`,
  'computed tomography crop of the {}.',
  `${plane} CT: {}.`,
  'the organ in the middle is the {}.',
];

/**
 * Four histopathology templates for every task; the wording is ours. The study used histopathology templates for 8 of
 * its 21 data sets, two of them of skin; `prompts: study` has its own wording for each data set.
 */
export const HISTOLOGY_EVERYWHERE: readonly string[] = TEMPLATES.histology.slice(0, 4);

/** The setting that selects the prompts of zero-shot classification. Captions always use the task's own. */
export const PROMPT_SETTINGS: Readonly<Record<string, SettingSpec>> = {
  prompts: {
    default: 'own',
    description:
      "zero-shot prompts: the task's own; the study's class names and templates; or four histopathology templates for every task",
    choices: ['own', 'study', 'histology-everywhere'],
  },
};

/** The settings that every classification task has. */
export const CLASSIFICATION_SETTINGS: Readonly<Record<string, SettingSpec>> = {
  ...PROMPT_SETTINGS,
  ...BALANCE_SETTINGS,
};

/** Class phrases in label order, and templates in which `{}` stands for a phrase. */
export interface PromptWording {
  readonly phrases: readonly string[];
  readonly templates: readonly string[];
}

/**
 * Returns the wording that the settings select for a task.
 * @throws MedbenchError('config') if the study's wording is asked for a task or for classes that it did not have.
 */
export function selectPrompts(
  task: string,
  own: PromptWording,
  settings: Readonly<Record<string, unknown>>,
): PromptWording {
  if (settings.prompts === 'study') return studyPrompts(task, own.phrases.length);
  return settings.prompts === 'histology-everywhere' ? { ...own, templates: HISTOLOGY_EVERYWHERE } : own;
}
