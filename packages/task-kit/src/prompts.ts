import type { SettingSpec } from '@medbench/core';
import { BALANCE_SETTINGS } from '@medbench/evaluation';

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

/** Four histopathology templates for every task, as in the study's code; the wording is ours. */
export const HISTOLOGY_EVERYWHERE: readonly string[] = TEMPLATES.histology.slice(0, 4);

/** The setting that selects the templates of zero-shot classification. Captions always use the task's own templates. */
const PROMPT_SETTINGS: Readonly<Record<string, SettingSpec>> = {
  prompts: {
    default: 'own',
    description:
      "zero-shot prompts: the task's own, or four histopathology templates for every task, as in the study's code",
    choices: ['own', 'histology-everywhere'],
  },
};

/** The settings that every classification task has. */
export const CLASSIFICATION_SETTINGS: Readonly<Record<string, SettingSpec>> = {
  ...PROMPT_SETTINGS,
  ...BALANCE_SETTINGS,
};

/** Returns the templates that the settings select. */
export const selectPrompts = (
  taskTemplates: readonly string[],
  settings: Readonly<Record<string, unknown>>,
): readonly string[] => (settings.prompts === 'histology-everywhere' ? HISTOLOGY_EVERYWHERE : taskTemplates);
