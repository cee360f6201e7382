import { Task } from '@medbench/core';
import { MEDMNIST, MEDMNIST_CITATION, MedMnistTask, medMnistFiles, organInfo } from '@medbench/task-kit';

/** Eleven organs cropped from abdominal CT, coronal plane (MedMNIST v2, from LiTS). */
@Task({
  id: 'organcmnist',
  title: 'OrganCMNIST',
  ...MEDMNIST,
  ...organInfo('coronal'),
  splits: { train: 12975, val: 2392, test: 8216 },
  citation: `${MEDMNIST_CITATION}; Bilic et al. 2023, doi:10.1016/j.media.2022.102680; Xu et al. 2019, doi:10.1109/TMI.2019.2905575`,
  files: medMnistFiles('organcmnist', {
    28: 'b9ceb9546e10131b32923c5bbeaea2b1',
    64: '3ce34a8724ea6f548e6db4744d03b6a9',
    128: '773c1f009daa3fe5d9a2a201b2a7ed94',
    224: '050f5e875dc056f6768abf94ec9995d1',
  }),
})
export class OrganCMnist extends MedMnistTask {}
