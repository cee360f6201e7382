import { Task } from '@medbench/core';
import { MEDMNIST, MEDMNIST_CITATION, MedMnistTask, medMnistFiles } from '@medbench/task-kit';

/** Four findings in optical coherence tomography of the retina (MedMNIST v2, from Kermany et al. 2018). */
@Task({
  id: 'octmnist',
  title: 'OCTMNIST',
  ...MEDMNIST,
  modality: 'ophthalmology',
  classes: ['choroidal neovascularization', 'diabetic macular edema', 'drusen', 'normal'],
  phrases: ['choroidal neovascularisation', 'diabetic macular oedema', 'drusen', 'a healthy macula'],
  templates: [
    'retinal optical coherence tomography, {}.',
    'OCT B-scan of the macula with {}.',
    'cross-section of the retina: {}.',
    'this OCT slice is read as {}.',
  ],
  splits: { train: 97477, val: 10832, test: 1000 },
  citation: `${MEDMNIST_CITATION}; Kermany et al. 2018, doi:10.1016/j.cell.2018.02.010`,
  files: medMnistFiles('octmnist', {
    28: 'c68d92d5b585d8d81f7112f81e2d0842',
    64: 'e229e9440236b774d9f0dfef9d07bdaf',
    128: '0a97e76651ace45c5d943ee3f65b63ae',
    224: 'abc493b6d529d5de7569faaef2773ba3',
  }),
})
export class OctMnist extends MedMnistTask {}
