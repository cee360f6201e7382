import { Task } from '@medbench/core';
import { MEDMNIST_CITATION, MEDMNIST_MULTI_LABEL, MedMnistMultiLabelTask, medMnistFiles } from '@medbench/task-kit';

/** Fourteen findings on frontal chest X-rays; an image may show several, or none (MedMNIST v2, from NIH ChestX-ray14). */
@Task({
  id: 'chestmnist',
  title: 'ChestMNIST',
  ...MEDMNIST_MULTI_LABEL,
  modality: 'radiology',
  classes: [
    'atelectasis',
    'cardiomegaly',
    'effusion',
    'infiltration',
    'mass',
    'nodule',
    'pneumonia',
    'pneumothorax',
    'consolidation',
    'edema',
    'emphysema',
    'fibrosis',
    'pleural',
    'hernia',
  ],
  phrases: [
    'atelectasis',
    'an enlarged heart',
    'pleural effusion',
    'an infiltrate',
    'a lung mass',
    'a lung nodule',
    'pneumonia',
    'pneumothorax',
    'consolidation',
    'pulmonary oedema',
    'emphysema',
    'pulmonary fibrosis',
    'pleural thickening',
    'a hiatal hernia',
  ],
  templates: [
    'frontal chest radiograph with {}.',
    'chest X-ray read as {}.',
    'thorax film showing {}.',
    'the radiologist notes {}.',
  ],
  splits: { train: 78_468, val: 11_219, test: 22_433 },
  citation: `${MEDMNIST_CITATION}; Wang et al. 2017, doi:10.1109/CVPR.2017.369`,
  files: medMnistFiles('chestmnist', {
    28: '02c8a6516a18b556561a56cbdd36c4a8',
    64: '9de6cd0b934ebb5b7426cfba5efbae16',
    128: 'db107e5590b27930b62dbaf558aebee3',
    224: '45bd33e6f06c3e8cdb481c74a89152aa',
  }),
  caveats: [
    'the labels were mined from reports by text rules; many are wrong',
    'the file does not name patients, of whom many have several images: intervals resample images and are too narrow',
  ],
})
export class ChestMnist extends MedMnistMultiLabelTask {}
