import { Task } from '@medbench/core';
import { MEDMNIST, MEDMNIST_CITATION, MedMnistTask, medMnistFiles } from '@medbench/task-kit';

/** Chest X-rays of children: normal or pneumonia (MedMNIST v2, from Kermany et al. 2018). */
@Task({
  id: 'pneumoniamnist',
  title: 'PneumoniaMNIST',
  ...MEDMNIST,
  modality: 'radiology',
  classes: ['normal', 'pneumonia'],
  phrases: ['normal lungs', 'pneumonia'],
  templates: [
    'frontal chest radiograph of a child, {}.',
    'chest X-ray read as {}.',
    'paediatric thorax film: {}.',
    'the lungs on this X-ray show {}.',
  ],
  splits: { train: 4708, val: 524, test: 624 },
  classCounts: { train: [1214, 3494], val: [135, 389], test: [234, 390] },
  citation: `${MEDMNIST_CITATION}; Kermany et al. 2018, doi:10.1016/j.cell.2018.02.010`,
  files: medMnistFiles('pneumoniamnist', {
    28: '28209eda62fecd6e6a2d98b1501bb15f',
    64: '8f4eceb4ccffa70c672198ea285246c6',
    128: '05b46931834c231683c68f40c47b2971',
    224: 'd6a3c71de1b945ea11211b03746c1fe1',
  }),
  caveats: ['a horizontal flip swaps the sides of the chest'],
})
export class PneumoniaMnist extends MedMnistTask {}
