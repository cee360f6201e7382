import { Task } from '@medbench/core';
import { MEDMNIST, MEDMNIST_CITATION, MedMnistTask, medMnistFiles, organInfo } from '@medbench/task-kit';

/** Eleven organs cropped from abdominal CT, sagittal plane (MedMNIST v2, from LiTS). */
@Task({
  id: 'organsmnist',
  title: 'OrganSMNIST',
  ...MEDMNIST,
  ...organInfo('sagittal'),
  splits: { train: 13932, val: 2452, test: 8827 },
  citation: `${MEDMNIST_CITATION}; Bilic et al. 2023, doi:10.1016/j.media.2022.102680; Xu et al. 2019, doi:10.1109/TMI.2019.2905575`,
  files: medMnistFiles('organsmnist', {
    28: '9ab87b696fb54e2a387ebe992d6ed5f1',
    64: '53a6d115339d874c25e309a994ff46d3',
    128: 'ded0c5fa01a95dc4978b956f613e9b8e',
    224: 'b354719e553fbbb2513d5533f52a4cb1',
  }),
})
export class OrganSMnist extends MedMnistTask {}
