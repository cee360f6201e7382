import type { SettingSpec } from '@medbench/core';
import { BALANCE_SETTINGS } from '@medbench/evaluation';

/** Prompt templates by what the images are; `{}` stands for the phrase of a class. */
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

/** Templates of the CT crops, which are cut in one of three planes. */
export const organTemplates = (plane: 'axial' | 'coronal' | 'sagittal'): string[] => [
  `abdominal CT, ${plane} slice centred on the {}.`,
  'computed tomography crop of the {}.',
  `${plane} CT: {}.`,
  'the organ in the middle is the {}.',
];

/** What the study's code did, in wordings of our own: four templates of histopathology, whatever the images are. */
export const HISTOLOGY_EVERYWHERE: readonly string[] = TEMPLATES.histology.slice(0, 4);

/** Which templates zero-shot classification uses. Captions made of labels always use the task's own. */
const PROMPT_SETTINGS: Readonly<Record<string, SettingSpec>> = {
  prompts: {
    default: 'own',
    description:
      "zero-shot prompts: the task's own, or four of histopathology whatever the images are, as in the study's code",
    choices: ['own', 'histology-everywhere'],
  },
};

/** What every classification task lets the configuration change. */
export const CLASSIFICATION_SETTINGS: Readonly<Record<string, SettingSpec>> = {
  ...PROMPT_SETTINGS,
  ...BALANCE_SETTINGS,
};

/** The templates that the settings ask for. */
export const selectPrompts = (
  own: readonly string[],
  settings: Readonly<Record<string, unknown>>,
): readonly string[] => (settings.prompts === 'histology-everywhere' ? HISTOLOGY_EVERYWHERE : own);
