import type { TaskInfo } from '@medbench/core';
import { organTemplates } from './prompts.js';

/** Class code and phrase of each organ, in the label order of MedMNIST's three CT sets. */
const ORGANS: readonly (readonly [code: string, phrase: string])[] = [
  ['bladder', 'urinary bladder'],
  ['femur-left', 'left femur'],
  ['femur-right', 'right femur'],
  ['heart', 'heart'],
  ['kidney-left', 'left kidney'],
  ['kidney-right', 'right kidney'],
  ['liver', 'liver'],
  ['lung-left', 'left lung'],
  ['lung-right', 'right lung'],
  ['pancreas', 'pancreas'],
  ['spleen', 'spleen'],
];

/** What MedMNIST's three sets of CT crops have in common, but for the plane. */
export const organInfo = (plane: 'axial' | 'coronal' | 'sagittal') =>
  ({
    modality: 'radiology',
    classes: ORGANS.map(([code]) => code),
    phrases: ORGANS.map(([, phrase]) => phrase),
    templates: organTemplates(plane),
    caveats: [
      'a horizontal flip turns a left organ into a right one: training views must not flip',
      'OrganAMNIST, OrganCMNIST and OrganSMNIST are cut from the same CT volumes',
    ],
  }) as const satisfies Partial<TaskInfo>;
