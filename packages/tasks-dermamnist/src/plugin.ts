import { Task } from '@medbench/core';
import { MEDMNIST, MEDMNIST_CITATION, MedMnistTask, medMnistFiles, TEMPLATES } from '@medbench/task-kit';

/** Seven kinds of pigmented skin lesion (MedMNIST v2, from HAM10000). */
@Task({
  id: 'dermamnist',
  title: 'DermaMNIST',
  ...MEDMNIST,
  modality: 'dermatology',
  classes: ['akiec', 'bcc', 'bkl', 'df', 'mel', 'nv', 'vasc'],
  phrases: [
    "actinic keratosis or Bowen's disease",
    'basal cell carcinoma',
    'benign keratosis-like lesion',
    'dermatofibroma',
    'melanoma',
    'melanocytic naevus',
    'vascular lesion',
  ],
  templates: TEMPLATES.dermoscopy,
  splits: { train: 7007, val: 1003, test: 2005 },
  licence: 'CC BY-NC 4.0',
  citation: `${MEDMNIST_CITATION}; Tschandl et al. 2018, doi:10.1038/sdata.2018.161`,
  files: medMnistFiles('dermamnist', {
    28: '0744692d530f8e62ec473284d019b0c7',
    64: 'b70a2f5635c6199aeaa28c31d7202e1f',
    128: '2defd784463fa5243564e855ed717de1',
    224: '8974907d8e169bef5f5b96bc506ae45d',
  }),
  caveats: [
    'the images are those of the task ham10000: an average over both counts them twice',
    'split by image: images of one lesion are in both the training and the test split',
  ],
})
export class DermaMnist extends MedMnistTask {}
