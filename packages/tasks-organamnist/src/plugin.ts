import { Task } from '@medbench/core';
import { MEDMNIST, MEDMNIST_CITATION, MedMnistTask, medMnistFiles, organInfo } from '@medbench/task-kit';

/** Eleven organs cropped from abdominal CT, axial plane (MedMNIST v2, from LiTS). */
@Task({
  id: 'organamnist',
  title: 'OrganAMNIST',
  ...MEDMNIST,
  ...organInfo('axial'),
  splits: { train: 34561, val: 6491, test: 17778 },
  citation: `${MEDMNIST_CITATION}; Bilic et al. 2023, doi:10.1016/j.media.2022.102680; Xu et al. 2019, doi:10.1109/TMI.2019.2905575`,
  files: medMnistFiles('organamnist', {
    28: '68e3f8846a6bd62f0c9bf841c0d9eacc',
    64: '2dcccc29b88e6da5a01161ef20cda288',
    128: 'eeae80d0a227a8d099027e1b3cfd3b60',
    224: '50747347e05c87dd3aaf92c49f9f3170',
  }),
})
export class OrganAMnist extends MedMnistTask {}
