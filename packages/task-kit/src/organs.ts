import type { TaskInfo } from '@medbench/core';
import { organTemplates } from './prompts.js';

/** Class name and prompt phrase of each organ, in the label order of MedMNIST's three CT sets. */
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

/** The info that MedMNIST's three sets of CT crops share; only the plane differs. */
export const organInfo = (plane: 'axial' | 'coronal' | 'sagittal') =>
  ({
    modality: 'radiology',
    classes: ORGANS.map(([code]) => code),
    phrases: ORGANS.map(([, phrase]) => phrase),
    templates: organTemplates(plane),
    caveats: [
      'a horizontal flip turns a left organ into a right one: do not flip images in training',
      'OrganAMNIST, OrganCMNIST and OrganSMNIST are cropped from the same CT volumes',
    ],
  }) as const satisfies Partial<TaskInfo>;
