import { Task } from '@medbench/core';
import { MEDMNIST, MEDMNIST_CITATION, MedMnistTask, medMnistFiles } from '@medbench/task-kit';

/** Eight kinds of cell in blood smears (MedMNIST v2, from Acevedo et al. 2020). */
@Task({
  id: 'bloodmnist',
  title: 'BloodMNIST',
  ...MEDMNIST,
  modality: 'histopathology',
  classes: [
    'basophil',
    'eosinophil',
    'erythroblast',
    'immature granulocyte',
    'lymphocyte',
    'monocyte',
    'neutrophil',
    'platelet',
  ],
  templates: [
    'peripheral blood smear, a single {}.',
    'stained blood cell under the microscope: {}.',
    'light microscopy of a {}.',
    'haematology image, {}.',
  ],
  splits: { train: 11959, val: 1712, test: 3421 },
  citation: `${MEDMNIST_CITATION}; Acevedo et al. 2020, doi:10.1016/j.dib.2020.105474`,
  files: medMnistFiles('bloodmnist', {
    28: '7053d0359d879ad8a5505303e11de1dc',
    64: '2b94928a2ae4916078ca51e05b6b800b',
    128: 'adace1e0ed228fccda1f39692059dd4c',
    224: 'b718ff6835fcbdb22ba9eacccd7b2601',
  }),
})
export class BloodMnist extends MedMnistTask {}
