import { Task } from '@medbench/core';
import { MEDMNIST, MEDMNIST_CITATION, MedMnistTask, medMnistFiles } from '@medbench/task-kit';

/** Eight kinds of kidney cortex cell (MedMNIST v2, from Woloshuk et al. 2021). */
@Task({
  id: 'tissuemnist',
  title: 'TissueMNIST',
  ...MEDMNIST,
  modality: 'histopathology',
  classes: [
    'collecting duct, connecting tubule',
    'distal convoluted tubule',
    'glomerular endothelial cells',
    'interstitial endothelial cells',
    'leukocytes',
    'podocytes',
    'proximal tubule segments',
    'thick ascending limb',
  ],
  phrases: [
    'collecting duct or connecting tubule',
    'distal convoluted tubule',
    'glomerular endothelium',
    'interstitial endothelium',
    'leukocyte',
    'podocyte',
    'proximal tubule segment',
    'thick ascending limb',
  ],
  templates: [
    'fluorescence microscopy of a kidney cell, {}.',
    'renal cortex cell: {}.',
    'segmented human kidney cell from the {}.',
    'nucleus of a {} cell.',
  ],
  splits: { train: 165466, val: 23640, test: 47280 },
  citation: `${MEDMNIST_CITATION}; Woloshuk et al. 2021, doi:10.1002/cyto.a.24274`,
  files: medMnistFiles('tissuemnist', {
    28: 'ebe78ee8b05294063de985d821c1c34b',
    64: '123ece2eba09d0aa5d698fda57103344',
    128: '61b955355d7425a89687b06cca3ce0c2',
    224: 'b077128c4a949f0a4eb01517f9037b9c',
  }),
})
export class TissueMnist extends MedMnistTask {}
