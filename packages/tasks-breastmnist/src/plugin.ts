import { Task } from '@medbench/core';
import { MEDMNIST, MEDMNIST_CITATION, MedMnistTask, medMnistFiles } from '@medbench/task-kit';

/** Breast ultrasound, malignant against normal or benign (MedMNIST v2, from Al-Dhabyani et al. 2020). */
@Task({
  id: 'breastmnist',
  title: 'BreastMNIST',
  ...MEDMNIST,
  modality: 'ultrasound',
  classes: ['malignant', 'normal or benign'],
  phrases: ['a malignant tumour', 'normal or benign tissue'],
  templates: [
    'B-mode ultrasound of the breast, {}.',
    'breast sonogram with {}.',
    'ultrasound picture of a breast mass: {}.',
    'sonography finding: {}.',
  ],
  splits: { train: 546, val: 78, test: 156 },
  classCounts: { train: [147, 399], val: [21, 57], test: [42, 114] },
  citation: `${MEDMNIST_CITATION}; Al-Dhabyani et al. 2020, doi:10.1016/j.dib.2019.104863`,
  files: medMnistFiles('breastmnist', {
    28: '750601b1f35ba3300ea97c75c52ff8f6',
    64: '742edef2a1fd1524b2efff4bd7ba9364',
    128: '363e4b3f8d712e9b5de15470a2aaadf1',
    224: 'b56378a6eefa9fed602bb16d192d4c8b',
  }),
  caveats: ['label 1 is normal or benign: for the detection of malignancy, take label 0 as the positive class'],
})
export class BreastMnist extends MedMnistTask {}
